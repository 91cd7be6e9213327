import type { Context, OpenBook } from '../../context.ts'
import { plainText } from '../../decision/plain-text.ts'
import type { Entry, EntryKind } from '../../journal/entry.ts'
import { periodReportOf } from '../../journal/report-entry.ts'
import { costKinds } from '../../portfolio/holdings.ts'
import { checkedWords } from '../../posts/checked-words.ts'
import { exactMoney, price, shares, signedMoney, signedPercent } from '../../posts/text.ts'
import { openBooks } from './kit.ts'

/** An entry in one line, as it is searched, shown and asked about. */
export type Material = { readonly seq: number; readonly line: string; readonly score: number }

/** Kinds that are ever shown: what other people said is none of them. */
const kinds: readonly EntryKind[] = ['opened', 'session', 'close', 'decision', 'alert', 'report']
const recentMost = 150
const dayMost = 40

/**
 * The entries nearest to a question, best first: by the words they share, rare ones counting more; the last close, decision
 * and report of each book are always among them.
 */
export async function materialFor(ctx: Context, question: string, most: number): Promise<readonly Material[]> {
  const entries = new Map<number, { readonly entry: Entry; readonly open: OpenBook }>()
  const always = new Set<number>()
  const books = await openBooks(ctx)
  for (const open of books) {
    const book = open.opened.book
    const add = async (filter: Parameters<Context['journal']['read']>[0]) => {
      for await (const entry of ctx.journal.read({ book, kinds, ...filter })) entries.set(entry.seq, { entry, open })
    }
    await add({ latest: recentMost })
    for (const date of datesIn(question)) {
      await add({ fromAt: `${date}T00:00:00.000Z`, beforeAt: `${date}T23:59:59.999Z`, limit: dayMost })
    }
    const words = wordsOf(question)
    const named = open.opened.body.instruments.filter((one) =>
      wordsOf(`${one.symbol} ${one.shortName}`).some((word) => words.includes(word)),
    )
    const symbols = new Set(named.map(({ symbol }) => symbol))
    const about = open.state.decisions.filter(({ body }) =>
      [...body.orders, ...body.actions, ...body.clamps].some(({ symbol }) => symbols.has(symbol)),
    )
    if (symbols.size > 0 && about.length > 0) await add({ seqs: about.slice(-30).map(({ seq }) => seq) })
    for (const kind of ['close', 'decision', 'report', 'opened'] as const) {
      const last = await ctx.journal.last(book, kind)
      if (last === null) continue
      entries.set(last.seq, { entry: last, open })
      always.add(last.seq)
    }
  }
  const lines = [...entries.values()].map(({ entry, open }) => ({ seq: entry.seq, line: lineOf(entry, open) }))
  return ranked(lines, question, always).slice(0, most)
}

function ranked(
  lines: readonly Omit<Material, 'score'>[],
  question: string,
  always: ReadonlySet<number>,
): readonly Material[] {
  const asked = new Set(wordsOf(question))
  const found = lines.map(({ seq, line }) => ({ seq, line, words: new Set(wordsOf(line)) }))
  const rarity = new Map(
    [...asked].map((word) => [
      word,
      Math.log(1 + found.length / (1 + found.filter(({ words }) => words.has(word)).length)),
    ]),
  )
  return found
    .map(({ seq, line, words }) => {
      let score = always.has(seq) ? 1 : 0
      for (const [word, weight] of rarity) if (words.has(word)) score += weight
      return { seq, line, score }
    })
    .sort((a, b) => b.score - a.score || b.seq - a.seq)
}

/** Dates as they are written in the journal. */
function datesIn(question: string): readonly string[] {
  return [...new Set(question.match(/\b\d{4}-\d{2}-\d{2}\b/g) ?? [])]
    .filter((date) => !Number.isNaN(Date.parse(date)))
    .slice(0, 3)
}

/** Words that people use for what the journal calls otherwise. */
const also: Readonly<Record<string, string>> = {
  trade: 'bought',
  trades: 'bought',
  buy: 'bought',
  buying: 'bought',
  purchase: 'bought',
  sell: 'sold',
  selling: 'sold',
  sale: 'sold',
  portfolio: 'close',
  holdings: 'close',
  hold: 'close',
  held: 'close',
  equity: 'close',
  worth: 'close',
  value: 'close',
  performance: 'report',
  week: 'report',
  weekly: 'report',
  month: 'report',
  return: 'report',
  cost: 'costs',
  fee: 'costs',
  fees: 'costs',
  stop: 'stop-loss',
}

function wordsOf(text: string): readonly string[] {
  const words = text
    .slice(0, 4000)
    .toLowerCase()
    .split(/[^\p{L}\p{N}.-]+/u)
    .map((word) => word.replace(/^[.-]+|[.-]+$/g, ''))
  return words
    .filter((word) => word.length > 1)
    .flatMap((word) => [word, ...(Object.hasOwn(also, word) ? [also[word]!] : [])])
}

function lineOf(entry: Entry, open: OpenBook): string {
  const { opened } = open
  const { currency } = opened.body
  const name = (symbol: string) => opened.body.instruments.find((one) => one.symbol === symbol)?.shortName ?? symbol
  const both = (symbol: string) => (name(symbol) === symbol ? symbol : `${symbol} (${name(symbol)})`)
  const text = textOf()
  return `${entry.seq} ${entry.book} ${entry.kind}: ${plainText(text, 1500)}`

  function textOf(): string {
    switch (entry.kind) {
      case 'opened': {
        const { title, policy, decider, initialCashCents, firstSession, market } = entry.body
        return `${title} began on ${firstSession} with ${exactMoney(currency, initialCashCents)}; ${decider === 'model' ? 'a model decides' : `the control ${policy} decides, no model`}; prices: ${market.label}.`
      }
      case 'session': {
        const { date, events } = entry.body
        const fills = events.fills.map((fill) => {
          const costs = costKinds.reduce((sum, kind) => sum + (fill.costs[kind] ?? 0), 0)
          return `${fill.quantity > 0 ? 'bought' : 'sold'} ${shares(fill.quantity)} ${both(fill.symbol)} at ${price(fill.currency, fill.price)}${fill.reason === 'stop' ? ' by the stop-loss' : ''}, costs ${exactMoney(currency, costs * 100)}`
        })
        const dividends = events.dividends.map(
          (one) => `dividend of ${both(one.symbol)} ${exactMoney(currency, one.cashChangeCents)}`,
        )
        return `${date}: ${[...fills, ...dividends].join('; ') || 'nothing was filled'}.`
      }
      case 'close': {
        const { date, positions, cashCents, standing } = entry.body
        const held = positions.map(
          (one) =>
            `${shares(one.quantity)} ${both(one.symbol)} at ${price(one.currency, one.price)} worth ${exactMoney(currency, one.value * 100)}`,
        )
        const benchmarks = standing.benchmarks.map((one) => `${one.shortName} ${signedPercent(one.netReturn)}`)
        return `${date}: equity ${exactMoney(currency, standing.equityCents)}, ${signedPercent(standing.netReturn)} net since the start (${benchmarks.join(', ')}); cash ${exactMoney(currency, cashCents)}; held: ${held.join(', ') || 'nothing'}. ${standing.verdict.text}`
      }
      case 'decision': {
        const { date, policy, outcome, because, actions, clamps, stops, orders } = entry.body
        // A figure that the model made up once must not vouch for itself.
        const { summary, reasons } = checkedWords(opened, entry.body)
        const wishes = actions.map(
          (one, index) => `${one.side} ${both(one.symbol)} ${Number(one.pct.toFixed(2))} %: ${reasons[index]}`,
        )
        const cuts = clamps.map((one) => `${one.side} ${both(one.symbol)} limited: ${one.because}`)
        const sold = stops.map((one) => `stop-loss sells ${both(one.symbol)} at ${signedPercent(one.change)} from cost`)
        return `${date} by ${policy}: ${outcome === 'no-decision' ? `no decision, because ${because}` : outcome}; ${orders.length} orders. ${summary} ${[...sold, ...wishes, ...cuts].join(' ')}`
      }
      case 'alert':
        return `${entry.body.date}: ${entry.body.alerts.map((one) => `${both(one.symbol)} ${one.kind} ${signedPercent(one.value)}`).join(', ')}.`
      case 'report': {
        const { period, periodReturn, equityEndCents, trades, costsPeriod, best, worst } = periodReportOf(entry.body)
        const costs = costKinds.reduce((sum, kind) => sum + (costsPeriod[kind] ?? 0), 0)
        const extreme = (what: string, one: typeof best) =>
          one === null ? '' : `, ${what} ${both(one.symbol)} ${signedMoney(currency, one.profit * 100)}`
        return `${period.kind} ${period.name}: ${signedPercent(periodReturn)}, equity ${exactMoney(currency, equityEndCents)}, ${trades} trades, costs ${exactMoney(currency, costs * 100)}${extreme('best', best)}${extreme('worst', worst)}.`
      }
      default:
        return ''
    }
  }
}
