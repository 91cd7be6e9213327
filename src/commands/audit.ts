import { solve } from '../adapters/highs.ts'
import { auditLookahead, futuresOf, type LookaheadFinding } from '../backtest/lookahead.ts'
import { readBook } from '../books.ts'
import type { StoredSignal } from '../catalysts/stored-signal.ts'
import { readConfig } from '../config.ts'
import type { BookMarket } from '../decision/book-market.ts'
import { openBookMarket } from '../decision/book-market.ts'
import { parsePolicy } from '../decision/policies/parse.ts'
import { InputError } from '../errors.ts'
import { addDays } from '../market/calendar.ts'
import { parseMarketSpec } from '../market/market-spec.ts'
import { askedAt, historyDays, rangeOf, readHistory } from '../open-context.ts'
import { openMarket } from '../open-market.ts'
import type { IsoDate } from '../units.ts'
import { signalsOf } from './backtest-signals.ts'
import type { CommandIo, CommandResult } from './command.ts'

export type AuditOptions = {
  readonly book: string
  readonly policy: string
  readonly market: string
  readonly from?: IsoDate
  readonly to?: IsoDate
  /** How many closes to sample. */
  readonly samples: number
  readonly seed: string
}

/** Without --from and --to, the audit looks at the last so many calendar days of the market. */
const auditDays = 730

/** `primer audit lookahead`: exit code 1 when a decision, or what it could see, changes with the future alone. */
export async function audit(options: AuditOptions, io: CommandIo): Promise<CommandResult> {
  if (options.policy === 'model') {
    throw new InputError(
      'the audit runs a policy again for each date and each future, and a model would be asked and paid for each; what a model sees is the snapshot, which is compared under any policy: try cvar',
    )
  }
  const config = readConfig(io.environment)
  const book = readBook(options.book)
  const source = await openMarket(parseMarketSpec(options.market), config)
  const known = await rangeOf(source, book)
  const today = new Date().toISOString().slice(0, 10)
  const to = options.to ?? (known === null || known.to > today ? today : known.to)
  const first = options.from ?? addDays(to, -auditDays)
  if (first > to) throw new InputError(`--from ${first} lies after --to ${to}`)
  const range = { from: addDays(first, -historyDays), to }
  const history = await readHistory(source, book, range, askedAt(source, to))
  const market = openBookMarket(book, history, range)
  const sessions = market.panel.sessions.filter((date) => date >= first)
  if (sessions.length < 2) throw new InputError(`the market has fewer than two sessions from ${first} to ${to}`)
  const set = await signalsOf(options.policy, config)
  const policyOn = (changed: BookMarket, texts: readonly StoredSignal[], asBenchmark: boolean) =>
    parsePolicy(options.policy, changed, { asBenchmark, ...(set !== null && { signals: texts }) })
  policyOn(market, set?.signals ?? [], false)
  const dates = sampleOf(sessions.slice(0, -1), options.samples)
  const { findings, comparisons } = await auditLookahead({
    book,
    history,
    range,
    first,
    dates,
    ...(set !== null && { texts: set.signals }),
    policy: (changed, texts) => policyOn(changed, texts, true),
    solve,
    seed: options.seed,
    ...(io.interactive && { onDate: (date) => io.say(`looking past ${date}`) }),
  })
  const json = {
    ok: findings.length === 0,
    book: book.name,
    policy: options.policy,
    market: options.market,
    from: sessions[0]!,
    to: sessions.at(-1)!,
    dates,
    futures: futuresOf(set === null ? {} : { texts: set.signals }),
    comparisons,
    findings,
    notes: [
      ...(set === null ? ['This policy reads no texts, so there is no future of theirs to change.'] : set.notes),
      'Replies of people are no part of a decision in this version, so there is no future of theirs to change.',
    ],
  }
  return { json, text: textOf(json), exitCode: findings.length === 0 ? 0 : 1 }
}

/** So many sessions, evenly spread, the last one included. */
function sampleOf(sessions: readonly IsoDate[], count: number): readonly IsoDate[] {
  if (sessions.length <= count) return sessions
  return Array.from({ length: count }, (_, i) => sessions[Math.round(((i + 1) * sessions.length) / count) - 1]!)
}

function textOf(json: {
  readonly policy: string
  readonly book: string
  readonly from: IsoDate
  readonly to: IsoDate
  readonly dates: readonly IsoDate[]
  readonly comparisons: number
  readonly futures: readonly string[]
  readonly findings: readonly LookaheadFinding[]
}): string {
  const head = `${json.policy} on ${json.book}, ${json.from} to ${json.to}: ${json.comparisons} runs with another future after ${json.dates.length} dates (${json.futures.join(', ')})`
  if (json.findings.length === 0) return `${head}.\nNo decision changed, and nothing a decision could see.`
  return [
    `${head}: ${json.findings.length} findings.`,
    ...json.findings
      .slice(0, 20)
      .map(
        (finding) =>
          `  future of ${finding.date} (${finding.future}): the ${finding.what} of ${finding.decidedOn} changed\n    before: ${finding.expected}\n    after:  ${finding.found}`,
      ),
    ...(json.findings.length > 20 ? [`  and ${json.findings.length - 20} more`] : []),
  ].join('\n')
}
