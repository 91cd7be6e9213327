/** How the research tools print figures for people: a dash for what is not known. */

export function figure(value: number | null, decimals: number): string {
  return value === null ? '-' : value.toFixed(decimals)
}

export function percent(value: number | null, decimals: number): string {
  return value === null ? '-' : `${(100 * value).toFixed(decimals)}%`
}

/** Rows of cells under each other, aligned to the right. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows.map((row) => row.map((cell, column) => cell.padStart(widths[column]!)).join('  ')).join('\n')
}
