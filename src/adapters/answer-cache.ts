import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { Action } from '../decision/decision.ts'
import type { Reply } from '../decision/policy.ts'
import { makeFolder, writeWhole } from '../files.ts'

const Cached = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('answer'), actions: z.array(Action), summary: z.string() }),
  z.strictObject({ kind: z.literal('none'), because: z.string() }),
])

/** Answers of a model to the very same question, kept so that a repeated backtest costs nothing and gives the same result. */
export type AnswerCache = {
  readonly read: (key: string) => Reply | null
  readonly write: (key: string, reply: Reply) => Promise<void>
}

export function openAnswerCache(folder: string): AnswerCache {
  makeFolder(folder)
  const fileOf = (key: string) => join(folder, `${key}.json`)
  return {
    read(key) {
      const text = readIfThere(fileOf(key))
      if (text === null) return null
      const parsed = Cached.safeParse(parseOrNull(text))
      return parsed.success ? parsed.data : null
    },
    async write(key, reply) {
      await writeWhole(fileOf(key), JSON.stringify(reply))
    },
  }
}

function readIfThere(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

/** A file cut off by a crash is no answer: it is asked for again. */
function parseOrNull(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
