import { InputError } from './errors.ts'

const placeholder = /\{\{([^{}]*)\}\}/g

/**
 * The text with each `{{name}}` replaced by its value. Values are inserted as they are and never looked at again, so a
 * value that holds `{{other}}` stays those nine characters.
 *
 * @param values one for each name in the template, no more and no fewer
 * @throws InputError listing every name that has no value, and every value that the template does not name
 * Example: fill('Day {{day}}.', { day: '43' }) -> 'Day 43.'
 */
export function fill(template: string, values: Readonly<Record<string, string>>): string {
  const faults = nameFaults(template, Object.keys(values))
  if (faults.length > 0) throw new InputError(faults)
  return template.replace(placeholder, (_, name: string) => values[name.trim()]!)
}

/** Names that a template asks for, each once, in the order of their first appearance. */
export function namesIn(template: string): readonly string[] {
  return [...new Set([...template.matchAll(placeholder)].map((match) => match[1]!.trim()))]
}

/** What keeps a template and a set of names from fitting; empty when they fit. */
export function nameFaults(template: string, names: readonly string[]): readonly string[] {
  const asked = namesIn(template)
  const known = new Set(names)
  return [
    ...asked
      .filter((name) => !known.has(name))
      .map((name) => `the template asks for {{${name}}}, which nothing fills; known names: ${names.join(', ')}`),
    ...names
      .filter((name) => !asked.includes(name))
      .map((name) => `the template leaves out {{${name}}}: put it where its text belongs`),
  ]
}
