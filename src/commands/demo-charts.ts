import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import writeFileAtomic from 'write-file-atomic'
import { renderPng } from '../adapters/charts.ts'
import type { Entry } from '../journal/entry.ts'
import type { BookState } from '../journal/replay.ts'
import { allocationOption, equityOption } from '../posts/chart-options.ts'
import { fromCents } from '../units.ts'

const labels = { simulated: 'Simulated prices.', recorded: 'Recorded prices.', live: '' } as const

/**
 * Draws the book's charts from its journal: equity against the buy-and-hold benchmarks and 1/N, and the allocation.
 *
 * @returns paths of the PNG files
 */
export async function drawCharts(
  opened: Entry<'opened'>,
  state: BookState,
  folder: string,
): Promise<readonly string[]> {
  mkdirSync(folder, { recursive: true })
  const { body } = opened
  const last = state.lastClose!.body
  const names = new Map(body.instruments.map(({ symbol, shortName }) => [symbol, shortName]))
  const decider = body.decider === 'control' ? `Control ${body.policy} decides, no model` : 'A model decides'
  const common = {
    title: body.title,
    subtitle: `${body.currency}, net of costs. ${decider}`,
    label: labels[body.market.nature],
  }
  let peak = fromCents(body.initialCashCents)
  const drawdown = state.closes.map(({ equity }) => {
    peak = Math.max(peak, equity)
    return 1 - equity / peak
  })
  const equity = equityOption({
    ...common,
    dates: state.closes.map((close) => close.date),
    equity: state.closes.map((close) => close.equity),
    benchmarks: body.benchmarks
      .filter(({ policy }) => policy !== 'do-nothing')
      .map(({ policy, shortName, priceOnly }) => ({
        name: priceOnly ? `${shortName} (price only)` : shortName,
        values: state.closes.map((close) => close.benchmarks[policy]!),
      })),
    drawdown,
    currency: body.currency,
  })
  const allocation = allocationOption({
    ...common,
    date: last.date,
    positions: last.positions.map(({ symbol, weight }) => ({ name: names.get(symbol) ?? symbol, weight })),
    cash: fromCents(last.cashCents) / last.equity,
  })
  const paths: string[] = []
  for (const [name, option] of Object.entries({ equity, allocation })) {
    const path = join(folder, `${opened.book}-${name}.png`)
    await writeFileAtomic(path, renderPng(option))
    paths.push(path)
  }
  return paths
}
