/** Sentences with numbers and names. A language without a form for a count uses `other`. */

export const locale = "en";

const rules = new Intl.PluralRules(locale);
const numbers = new Intl.NumberFormat(locale);
const lists = new Intl.ListFormat(locale, { type: "conjunction" });

export type Forms = { other: string } & Partial<Record<Intl.LDMLPluralRule, string>>;

/** The form for this count, with `#` replaced by the number as people write it. */
export function plural(count: number, forms: Forms): string {
  return (forms[rules.select(count)] ?? forms.other).replaceAll("#", numbers.format(count));
}

/** Puts values into the places named `{name}`. */
export function fill(sentence: string, values: Record<string, string>): string {
  return sentence.replaceAll(/\{(\w+)\}/g, (place, name: string) => values[name] ?? place);
}

/** "Ana, Ben and Chloe". */
export function listed(names: string[]): string {
  return lists.format(names);
}
