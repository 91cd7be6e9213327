import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type BacktestOptions, backtest } from '../../src/commands/backtest.ts'
import type { RawBook, RawInstrument } from './stranger-market.ts'
import type { Report } from './stranger-report.ts'

/** `primer backtest --json` without the shell: what would be on stdout, parsed. */
export async function runBacktest(options: BacktestOptions): Promise<Report> {
  const result = await backtest(options, {
    environment: {},
    readStdin: async () => '',
    say: () => {},
    show: () => {
      throw new Error('the command printed something besides its document')
    },
    interactive: false,
  })
  return JSON.parse(JSON.stringify(result.json)) as Report
}

/** The book that everybody has, as its file says it. */
export function allocatorBook(): RawBook {
  return JSON.parse(readFileSync(fileURLToPath(new URL('../../books/allocator.json', import.meta.url)), 'utf8'))
}

/** A US fund, in dollars, 1 bp; or a share or fund in Paris, in euros, 3 bps, taxed unless it is said not to be. */
export function instrument(symbol: string, more: { readonly taxed?: boolean } = {}): RawInstrument {
  const inParis = symbol.endsWith('.PA')
  return {
    symbol,
    name: symbol,
    shortName: symbol.replace('.', ' '),
    currency: inParis ? 'EUR' : 'USD',
    exchange: inParis ? 'XPAR' : 'XNYS',
    kind: inParis ? 'share' : 'etf',
    halfSpreadBps: inParis ? 3 : 1,
    ...(inParis && more.taxed !== false && { purchaseTax: 'FR' }),
  }
}

/** The allocator's terms for other instruments; benchmarks are the 1/N and doing nothing unless said otherwise. */
export function bookOf(
  instruments: readonly RawInstrument[],
  changes: Readonly<Record<string, unknown>> = {},
): RawBook {
  const benchmarks = [
    { policy: 'equal-weight', shortName: '1/N' },
    { policy: 'do-nothing', shortName: 'cash' },
  ]
  return { ...allocatorBook(), name: 'stranger', title: 'A stranger’s book', instruments, benchmarks, ...changes }
}

export function writeBook(file: string, book: unknown): string {
  writeFileSync(file, JSON.stringify(book))
  return file
}
