/** Markup that may stand in a page as it is. Only `html` and `trusted` make it, so whatever else is put in a page is escaped. */
export type Markup = { readonly markup: string }

export type Part = Markup | string | number | null | readonly Part[]

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/**
 * A template in which every value is escaped but what is markup itself; lists are joined, null is nothing. Values belong
 * between tags or in quoted attributes, never in a style, a script or an unquoted attribute.
 *
 * Example: html`<b>${'<i>'}</b>` -> <b>&lt;i&gt;</b>
 */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return { markup: strings.reduce((text, string, i) => text + rendered(parts[i - 1] ?? null) + string) }
}

/** Markup from our own hands, such as a drawn chart or a style sheet. Never for text from outside. */
export function trusted(markup: string): Markup {
  return { markup }
}

function rendered(part: Part): string {
  if (part === null) return ''
  if (typeof part === 'number') return String(part)
  if (typeof part === 'string') {
    // Controls, and what turns the direction of writing, would only serve to mislead.
    return part.replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, ' ').replace(/[&<>"']/g, (letter) => escapes[letter]!)
  }
  return 'markup' in part ? part.markup : part.map(rendered).join('')
}
