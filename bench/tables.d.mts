export function placesOf(text: string): Map<string, string>;
export function pageOf(text: string, other?: Readonly<Record<string, string>>): Promise<string>;
