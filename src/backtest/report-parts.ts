import { html, type Markup, type Part } from './html.ts'

export type Column = {
  readonly name: string
  /** Words stand to the left, numbers to the right. */
  readonly text?: boolean
  readonly own?: boolean
}

/** A table of so few rows stays on one sheet of paper. */
const rowsKept = 15

/**
 * A table whose first column names the rows.
 *
 * @param label what the table is, for those who come upon it without its heading
 * @param options.stack a phone shows each row as a block, each number under the name of its column
 */
export function table(
  label: string,
  columns: readonly Column[],
  rows: readonly (readonly Part[])[],
  options: { readonly total?: boolean; readonly caption?: string; readonly stack?: boolean } = {},
): Markup {
  const kind = ({ name, text, own }: Column) =>
    [text === true ? 'text' : '', own === true ? 'own' : '', name.length <= 8 ? 'short' : ''].join(' ').trim()
  const lastRow = rows.length - 1
  const stack = options.stack === true
  // Rows that are drawn as blocks are no table any more unless they say so.
  const role = (name: string) => (stack ? html` role="${name}"` : null)
  return html`<div class="scroll${rows.length <= rowsKept ? ' keep' : ''}" role="region" aria-label="${label}" tabindex="0"><table${stack ? html` class="stack" role="table"` : null}>${options.caption === undefined ? null : html`<caption>${options.caption}</caption>`}
<thead${role('rowgroup')}><tr${role('row')}>${columns.map((column) => html`<th scope="col"${role('columnheader')} class="${kind(column)}">${column.name}</th>`)}</tr></thead>
<tbody${role('rowgroup')}>${rows.map(
    ([first = '', ...cells], i) =>
      html`<tr${role('row')}${options.total === true && i === lastRow ? html` class="total"` : null}><th scope="row"${role('rowheader')}>${first}</th>${cells.map((cell, c) => html`<td${role('cell')}${stack ? html` data-name="${columns[c + 1]!.name}"` : null} class="${kind(columns[c + 1]!)}">${cell}</td>`)}</tr>
`,
  )}</tbody></table></div>`
}

/** A part of the page with its heading. */
export function section(id: string, title: string, ...body: readonly Part[]): Markup {
  return html`<section id="${id}" aria-labelledby="${id}-title"><h2 id="${id}-title">${title}</h2>
${body}</section>
`
}

export function facts(rows: readonly (readonly [string, Part])[]): Markup {
  return html`<dl>${rows.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`
}

/** What a reader must know beside the figures. */
export function noteList(notes: readonly string[]): Markup {
  return html`<ul class="notes">${notes.map((note) => html`<li>${note}</li>`)}</ul>`
}
