import { join } from 'node:path'
import { renderPng } from '../adapters/charts.ts'
import { makeFolder, writeWhole } from '../files.ts'
import type { CloseEntry, Entry } from '../journal/entry.ts'
import { allocationData, equityData } from '../posts/chart-data.ts'
import { allocationOption, equityOption } from '../posts/chart-options.ts'

/**
 * Draws a book's charts from its journal: equity against the benchmarks, and the allocation.
 *
 * @param closes bodies of all close entries, oldest first
 * @returns paths of the PNG files
 */
export async function drawCharts(
  opened: Entry<'opened'>,
  closes: readonly CloseEntry[],
  folder: string,
): Promise<readonly string[]> {
  makeFolder(folder)
  const options = {
    equity: equityOption(equityData(opened, closes)),
    allocation: allocationOption(allocationData(opened, closes.at(-1)!)),
  }
  const paths: string[] = []
  for (const [name, option] of Object.entries(options)) {
    const path = join(folder, `${opened.book}-${name}.png`)
    await writeWhole(path, renderPng(option))
    paths.push(path)
  }
  return paths
}
