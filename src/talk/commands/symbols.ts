import type { Context, OpenBook } from '../../context.ts'
import type { Interaction } from '../../journal/incoming.ts'
import { closest } from '../../misspelling.ts'
import { type Choices, openBooks, quoted, Refusal } from './kit.ts'

export type Instrument = { readonly symbol: string; readonly name: string; readonly shortName: string }

/** An instrument by its symbol or its short name, whatever its case. @throws Refusal with the one that was probably meant */
export function instrumentIn(
  books: readonly OpenBook[],
  asked: unknown,
): { readonly open: OpenBook; readonly instrument: Instrument } {
  const word = String(asked).trim().replace(/^\$/, '')
  const plain = word.toLowerCase()
  for (const pick of [
    (one: Instrument) => one.symbol,
    (one: Instrument) => one.shortName,
    (one: Instrument) => one.name,
  ]) {
    for (const open of books) {
      const instrument = open.opened.body.instruments.find((one) => pick(one).toLowerCase() === plain)
      if (instrument !== undefined) return { open, instrument }
    }
  }
  const all = books.flatMap(({ opened }) => opened.body.instruments)
  const symbols = all.map(({ symbol }) => symbol)
  const meant =
    closest(word.toUpperCase(), symbols, 1) ??
    closest(
      plain,
      all.map(({ shortName }) => shortName.toLowerCase()),
      2,
    )
  const hint =
    meant === null
      ? `It trades ${symbols
          .slice(0, 25)
          .map((symbol) => quoted(symbol))
          .join(', ')}.`
      : `Did you mean ${quoted(meant)}?`
  throw new Refusal(`${quoted(word, 40)} is not in the portfolio. ${hint}`)
}

/** Instruments that what was typed may become. */
export async function suggestSymbols(ctx: Context, { options }: Interaction): Promise<Choices> {
  const typed = String(options.symbol ?? '')
    .trim()
    .toLowerCase()
  const seen = new Map<string, string>()
  for (const { opened } of await openBooks(ctx)) {
    for (const { symbol, name } of opened.body.instruments) {
      if (`${symbol} ${name}`.toLowerCase().includes(typed)) seen.set(symbol, `${symbol}: ${name}`)
    }
  }
  const starts = ([symbol]: readonly [string, string]) => (symbol.toLowerCase().startsWith(typed) ? 0 : 1)
  const found = [...seen].sort((a, b) => starts(a) - starts(b)).slice(0, 25)
  return { kind: 'choices', choices: found.map(([value, name]) => ({ name: name.slice(0, 100), value })) }
}
