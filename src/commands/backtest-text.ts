import type { BacktestDocument } from '../backtest/output.ts'
import type { SignalsDocument } from '../backtest/signals-output.ts'
import type { Capacity } from '../portfolio/capacity.ts'

/** A backtest on the terminal. */
export function backtestText(
  json: BacktestDocument & {
    readonly masked?: { readonly netReturn: number; readonly gap: number }
    readonly signals?: SignalsDocument | undefined
  },
): string {
  const pct = (fraction: number) => `${fraction >= 0 ? '+' : ''}${(fraction * 100).toFixed(2)} %`
  const money = (amount: number) => `${json.currency} ${amount.toFixed(2)}`
  const costs = Object.entries(json.costs).filter(([, amount]) => amount > 0)
  return [
    `${json.policy} on ${json.book}, ${json.from} to ${json.to} (${json.sessions} sessions), market ${json.market}`,
    `  final equity   ${money(json.finalEquity)}  net ${pct(json.netReturn)}  before costs ${pct(json.grossReturn)}  at twice the costs ${pct(json.twiceTheCosts.netReturn)}`,
    `  costs          ${costs.map(([kind, amount]) => `${kind} ${amount.toFixed(2)}`).join(', ') || 'none'}  (${json.fills.length} fills, turnover ${json.turnover.toFixed(2)})`,
    ...Object.entries(json.benchmarks).map(
      ([name, run]) => `  against        ${name.padEnd(22)} ${money(run.finalEquity)}  ${pct(run.netReturn)}`,
    ),
    ...(json.coins === undefined ? [] : [capacityLine(json.coins.capacity, json.currency)]),
    ...(json.masked === undefined
      ? []
      : [`  masked         net ${pct(json.masked.netReturn)}: the names and dates were worth ${pct(json.masked.gap)}`]),
    ...(json.randomAllocators === null
      ? []
      : [
          `  luck           ${json.randomAllocators.atLeastAsGood} of ${json.randomAllocators.count} random choices of assets did at least as well (p ${json.randomAllocators.p.toFixed(3)})`,
        ]),
    ...(json.signals === undefined ? [] : signalLines(json.signals)),
    `  verdict        ${json.policy === 'model' || json.signals !== undefined ? json.stats.verdict : 'A control run: no claim of skill.'}`,
    ...json.notes.map((note) => `  note           ${note}`),
  ].join('\n')
}

function capacityLine({ capital, because }: Capacity, currency: string): string {
  const said = capital === null ? 'without bound' : `${currency} ${capital.toFixed(0)}`
  return `  capacity       ${said}${because === null ? ': the capital at which costs take the gross profit' : ` (${because})`}`
}

function signalLines({ extractor, signals, usable, kinds, verdict }: SignalsDocument): string[] {
  const figure = (value: number | null) => (value === null ? 'none' : value.toFixed(3))
  return [
    `  signals        ${signals} by ${extractor}, ${usable} about coins of this market in these dates`,
    ...kinds.map(
      ({ kind, n, dates, ic, low, high, horizonDays }) =>
        `  ${kind.padEnd(14)} IC ${figure(ic)} (${figure(low)} to ${figure(high)}) over ${horizonDays} days, ${n} events on ${dates} dates`,
    ),
    `  evidence       ${verdict}`,
  ]
}
