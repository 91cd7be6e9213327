import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { makeFolder, writeWhole } from '../../files.ts'
import { Instant } from '../../units.ts'
import { YahooAnswer } from './yahoo-answer.ts'
import type { YahooPeriod } from './yahoo-client.ts'

const FILE_BYTES_MAX = 64 * 1024 * 1024

const Content = z.strictObject({
  version: z.literal(1),
  symbol: z.string(),
  period: z.strictObject({ from: z.number(), to: z.number() }),
  askedAt: Instant,
  answer: YahooAnswer,
})
type Content = z.infer<typeof Content>
export type CachedAnswer = { readonly answer: YahooAnswer; readonly askedAt: Instant }

export type YahooCache = {
  /** The answer on disk when it holds the whole period and is fresh; `damaged` when the file cannot be trusted. */
  readonly read: (
    symbol: string,
    period: YahooPeriod,
    isFresh: (askedAt: Instant) => boolean,
  ) => Promise<CachedAnswer | 'absent' | 'damaged'>
  readonly write: (symbol: string, period: YahooPeriod, cached: CachedAnswer) => Promise<void>
}

/**
 * Answers on disk, one file per symbol: `{sha256, content}`. A file is written whole or not at all, and one whose checksum does
 * not fit its content is never used.
 */
export function openYahooCache(directory: string): YahooCache {
  const pathOf = (symbol: string) => join(directory, `yahoo-${encodeURIComponent(symbol).replaceAll('*', '%2A')}.json`)
  return {
    async read(symbol, period, isFresh) {
      const text = await readIfPresent(pathOf(symbol))
      if (text === null) return 'absent'
      const content = parseContent(text)
      if (content === null || content.symbol !== symbol) return 'damaged'
      const isWhole = content.period.from <= period.from && content.period.to >= period.to
      return isWhole && isFresh(content.askedAt) ? { answer: content.answer, askedAt: content.askedAt } : 'absent'
    },
    async write(symbol, period, { answer, askedAt }) {
      const content: Content = { version: 1, symbol, period, askedAt, answer }
      makeFolder(directory)
      await writeWhole(pathOf(symbol), JSON.stringify({ sha256: checksum(content), content }))
    },
  }
}

function checksum(content: unknown): string {
  return createHash('sha256').update(JSON.stringify(content)).digest('hex')
}

function parseContent(text: string): Content | null {
  try {
    const file: unknown = JSON.parse(text)
    if (typeof file !== 'object' || file === null || !('content' in file) || !('sha256' in file)) return null
    if (checksum(file.content) !== file.sha256) return null
    return Content.parse(file.content)
  } catch {
    return null
  }
}

async function readIfPresent(path: string): Promise<string | null> {
  try {
    const { size } = await stat(path)
    return size > FILE_BYTES_MAX ? '' : await readFile(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    return ''
  }
}
