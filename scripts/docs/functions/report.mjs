// Examples of `oal/report`: name -> code.
export const report = {
  Markup: `String(new Markup("<b>safe</b>"))`,
  html: `String(html\`<p>\${"a < b"}</p>\`)`,
  reportSections: `reportSections.ids.slice(0, 3)`,
  section: `section("note", "Note", "A note", "What it is.", html\`<p>text</p>\`).title`,
  table: `String(table("numbers", html\`<tr><th>n</th></tr>\`, html\`<tr><td>1</td></tr>\`)).length > 100`,
};
