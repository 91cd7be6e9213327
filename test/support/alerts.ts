import type { NewEntry } from '../../src/journal/entry.ts'

/** An entry that is cheap to make, about 250 bytes; `value` tells one from another. */
export function alertEntry(
  value: number,
  options: { readonly book?: string; readonly key?: string } = {},
): NewEntry<'alert'> {
  const at = new Date(Date.UTC(2020, 0, 2, 15) + value * 60_000).toISOString()
  const { book = 'allocator', key } = options
  const alert = { symbol: 'MC.PA', kind: 'move', value: -0.0512, level: 0, price: 312.5, reference: 330.05 } as const
  return {
    at,
    kind: 'alert',
    book,
    body: { date: at.slice(0, 10), checkedAt: at, alerts: [{ ...alert, price: value }] },
    ...(key === undefined ? {} : { key }),
  }
}

export function alertEntries(count: number, options: { readonly book?: string } = {}): readonly NewEntry[] {
  return Array.from({ length: count }, (_, index) => alertEntry(index + 1, options))
}
