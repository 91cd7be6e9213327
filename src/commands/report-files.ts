import { join } from 'node:path'
import { renderPng } from '../adapters/charts.ts'
import { interBase64 } from '../adapters/inter.ts'
import { renderSvg } from '../adapters/svg.ts'
import type { BacktestReport } from '../backtest/report.ts'
import { barListHeight, type ChartName, chartNames, chartOption } from '../backtest/report-charts.ts'
import { type Drawings, renderBacktestPage } from '../backtest/report-page.ts'
import { makeFolder, writeWhole } from '../files.ts'
import { equityOption } from '../posts/chart-options.ts'
import { equityPicture, weightsPicture } from './report-pictures.ts'

/**
 * Writes a backtest's report: `index.html`, which stands alone, the pictures `equity.png` and `weights.png`, and the command's
 * JSON document as `backtest.json`. Each file is written whole or not at all; the same run gives the same bytes.
 *
 * Heavy, since it draws: import it only where a report was asked for.
 *
 * @returns the paths
 */
export async function writeBacktestReport(
  folder: string,
  report: BacktestReport,
  document: unknown,
): Promise<readonly string[]> {
  const files: readonly (readonly [string, string | Uint8Array])[] = [
    ['index.html', renderBacktestPage(report, drawingsOf(report))],
    ['equity.png', renderPng(equityOption(equityPicture(report)))],
    ['weights.png', renderPng(weightsPicture(report))],
    ['backtest.json', `${JSON.stringify(document, null, 2)}\n`],
  ]
  makeFolder(folder)
  for (const [name, content] of files) await writeWhole(join(folder, name), content)
  return files.map(([name]) => join(folder, name))
}

/** Every chart of the page at both of its widths. */
export function drawingsOf(report: BacktestReport): Drawings {
  const charts: Partial<Record<ChartName, { wide: string; narrow: string }>> = {}
  for (const name of chartNames) {
    const wide = drawn(name, report, 'wide', 760)
    const narrow = drawn(name, report, 'narrow', 358)
    if (wide !== null && narrow !== null) charts[name] = { wide, narrow }
  }
  return { charts, fonts: { regular: interBase64(400), semibold: interBase64(600) } }
}

function drawn(name: ChartName, report: BacktestReport, size: 'wide' | 'narrow', width: number): string | null {
  const frame = { width, height: heightOf(name, report, size) }
  const option = chartOption(name, report, frame)
  return option === null ? null : renderSvg(option, { id: `${name}-${size}`, ...frame })
}

function heightOf(name: ChartName, report: BacktestReport, size: 'wide' | 'narrow'): number {
  if (name === 'costs') return barListHeight(report.costs.byKind.length)
  if (name === 'clamps') return barListHeight(report.clamps.length)
  const tall = name === 'equity' || name === 'weights'
  if (size === 'narrow') return tall ? 250 : 180
  return tall ? 320 : 200
}
