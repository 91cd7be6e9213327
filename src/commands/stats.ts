import { ratioFewest, type Stats, stats as statsOf } from '../statistics/stats.ts'
import { statsOfMoments } from '../statistics/stats-of-moments.ts'
import type { CommandIo, CommandResult } from './command.ts'
import { readInput } from './read-input.ts'
import { parseStatsInput, type StatsOptions } from './stats-input.ts'

export type { StatsOptions } from './stats-input.ts'

/**
 * `primer stats FILE`: statistics of one series of returns, JSON or CSV in (`-` is stdin). An option stands above what the
 * file says.
 *
 * @returns json: `Stats`; text: the same as a table, with the reason wherever there is no number
 */
export async function stats(file: string, options: StatsOptions, io: CommandIo): Promise<CommandResult> {
  const input = await readInput(file, 'a JSON or CSV file of returns', io)
  const question = parseStatsInput(input, options)
  const json = question.moments === undefined ? statsOf(question) : statsOfMoments(question.moments, question)
  return { json, text: renderStats(json) }
}

type Shown = keyof { [K in keyof Stats as Stats[K] extends number | null ? K : never]: true }

const ratio = (value: number): string => value.toFixed(3)
const percent = (value: number): string => `${(100 * value).toFixed(2)} %`
const rows: readonly (readonly [Shown, string, (value: number) => string])[] = [
  ['totalReturn', 'total return', percent],
  ['annualReturn', 'annual return', percent],
  ['volatility', 'volatility', percent],
  ['sharpe', 'Sharpe', ratio],
  ['sortino', 'Sortino', ratio],
  ['calmar', 'Calmar', ratio],
  ['omega', 'omega', ratio],
  ['maxDrawdown', 'maximum drawdown', percent],
  ['skewness', 'skewness', ratio],
  ['excessKurtosis', 'excess kurtosis', ratio],
  ['var', 'value at risk', percent],
  ['cvar', 'expected shortfall', percent],
  ['alpha', 'alpha', percent],
  ['beta', 'beta', ratio],
  ['informationRatio', 'information ratio', ratio],
  ['probabilisticSharpe', 'probabilistic Sharpe', ratio],
  ['deflatedSharpe', 'deflated Sharpe', ratio],
  ['minTrackRecordLength', 'minimum track record', (value) => `${Math.ceil(value)} periods`],
  ['eValue', 'e-value', ratio],
]

/** Ratios that readers take for a judgement; of so few returns they are mostly chance. */
const judged = new Set<Shown>(['sharpe', 'sortino', 'calmar', 'omega', 'informationRatio'])

function renderStats(json: Stats): string {
  const { bootstrap, confidenceSequence, overfitting, notes } = json
  const daily = (value: number | null): string => (value === null ? '-' : `${(100 * value).toFixed(4)} %`)
  const line = (label: string, value: string, note?: string): string =>
    `${label.padEnd(22)} ${value.padStart(12)}${note === undefined ? '' : `  ${note}`}`.trimEnd()
  return [
    line('returns', String(json.n), notes.n),
    ...rows.map(([name, label, text]) => {
      const value = json[name]
      if (judged.has(name) && json.n < ratioFewest)
        return line(label, '-', `below ${ratioFewest} returns: in the JSON only`)
      return line(label, value === null ? '-' : text(value), notes[name])
    }),
    line('mean difference', daily(bootstrap.meanDifference), notes.bootstrap),
    line('  interval from', daily(bootstrap.low)),
    line('  to', daily(bootstrap.high)),
    line('confidence sequence', daily(confidenceSequence.low), notes.confidenceSequence),
    line('  to', daily(confidenceSequence.high)),
    ...(overfitting === undefined
      ? []
      : [
          line(
            'overfitting',
            overfitting.probability === null ? '-' : percent(overfitting.probability),
            notes.overfitting ??
              `how often the best of ${overfitting.candidates} in one half was no better than the median in the other`,
          ),
        ]),
    json.verdict,
  ].join('\n')
}
