/** Which font families and code points the embedded data set is made of, and how they are split. Families never cross splits. */

const words = (text) => text.trim().split(/\s+/);

/** Digit families by split. `csId` holds the twelve least legible ones: a covariate-shifted ID set. */
export const digitFamilies = {
  train: words(`roboto montserrat oswald bebas-neue comfortaa poiret-one archivo-black varela-round syncopate
    lora crimson-text cormorant-garamond abril-fatface cinzel libre-baskerville old-standard-tt
    alfa-slab-one josefin-slab bevan ibm-plex-mono share-tech-mono vt323
    pacifico caveat great-vibes satisfy gloria-hallelujah sacramento
    bangers press-start-2p special-elite bungee orbitron unifrakturmaguntia pirata-one saira-stencil-one
    rubik-mono-one luckiest-guy megrim rye`),
  validation: words("quicksand gloock arvo space-mono dancing-script indie-flower righteous chewy"),
  test: words(`lato josefin-sans playfair-display bree-serif zilla-slab courier-prime lobster kaushan-script
    black-ops-one titan-one silkscreen stardos-stencil`),
  csId: words(`amatic-sc bungee-shade wallpoet shadows-into-light creepster rock-salt reenie-beanie monoton
    pixelify-sans permanent-marker fredericka-the-great audiowide`),
};

/** Latin letters that cannot be taken for a digit in any of the test families. */
export const letters = words("A E F H J K L M N P Q R T U V W X Y d e f h k m n p r w x y");

const script = (first, last, ...leftOut) => {
  const without = new Set(leftOut.flatMap(words).map((code) => Number.parseInt(code, 16)));
  const all = Array.from({ length: last - first + 1 }, (_, i) => first + i);
  return all.filter((code) => !without.has(code));
};

/**
 * Code points of other scripts (font packages `@fontsource/noto-sans-<name>`), without look-alikes of digits: those whose blurred
 * cosine with an ID digit is 0.90 or more (first list), and those that a person may read as a digit when they are tilted (second).
 * `test` scripts make the near-OOD set, `validation` scripts the validation OOD set; from the latter the Cherokee letters of Latin
 * form are left out as well (third), for Latin letters are a test set. Khmer U+17E1, a 9 to most eyes, was noticed only when a
 * trained network called it a 9 with certainty: the one choice here that was made after seeing a test picture's score.
 */
export const scripts = {
  test: {
    bengali: script(0x09e6, 0x09ef, "09E6 09EA", "09E8 09ED"),
    devanagari: script(0x0966, 0x096f, "0966", "0967 0968 0969 096A 096F"),
    khmer: script(0x17e0, 0x17e9, "17E0", "17E1 17E6"),
    telugu: script(0x0c66, 0x0c6f, "0C66 0C67 0C69 0C6D", "0C68 0C6A"),
    arabic: script(0x0661, 0x0669, "0661 0665 0669", "0666"),
    georgian: script(0x10d0, 0x10f0, "10D2 10D4 10D5 10D8 10DB 10DC 10EA 10EC", "10D1 10D6 10D9 10DE 10EE"),
    armenian: script(0x0561, 0x0586, "0573 0575 0577 057B 0581 0585", "0563 0566 056C 056E 056F 057E"),
    ethiopic: script(0x1200, 0x1248, "122C"),
  },
  validation: {
    thai: script(0x0e50, 0x0e59, "0E50", "0E51 0E56"),
    tamil: script(0x0be6, 0x0bef, "0BE6"),
    hebrew: script(0x05d0, 0x05ea, "05D5 05D8 05D9 05DF 05E0 05E1", "05D3 05D6 05DA 05E3 05E4 05E8"),
    cherokee: script(
      0x13a0,
      0x13f4,
      "13A5 13BE 13CB 13CE 13DA 13E3 13EE",
      "13A0 13A6 13B6 13BC 13C0 13C3 13CF 13D5 13DC 13DF 13E9 13EB 13ED 13F3 13F4",
      "13A1 13A2 13A9 13AA 13AB 13AC 13B0 13B1 13B3 13B7 13BB 13BD 13D2 13D4 13D9 13DD 13DE 13E2 13E6",
    ),
  },
};
