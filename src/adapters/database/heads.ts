import { closeSync, existsSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { InputError, WorldError } from '../../errors.ts'
import { makeFolder } from '../../files.ts'
import { Instant } from '../../units.ts'
import type { Head } from './verify.ts'

/**
 * The heads that were published, kept outside the journal: `PRIMER_HOME/heads`, one line `SEQ:HASH AT` each, only ever
 * appended to. Who cuts off the end of the journal would have to change this file, and every post that carries a hash, too.
 */
export function headsFile(home: string): string {
  return join(home, 'heads')
}

const Line = z
  .string()
  .regex(/^[1-9]\d{0,14}:[0-9a-f]{64} \S+$/)
  .transform((text) => {
    const [, seq, hash, at] = /^(\d+):(\w+) (\S+)$/.exec(text)!
    return { seq: Number(seq), hash: hash!, at: at! }
  })
  .refine(({ at }) => Instant.safeParse(at).success)

export type PublishedHeads = {
  readonly heads: readonly Head[]
  /** One sentence for each line that is no head: a torn write, or somebody's hand. */
  readonly malformed: readonly string[]
}

/** All published heads, oldest first. */
export function readHeads(home: string): PublishedHeads {
  const file = headsFile(home)
  if (!existsSync(file)) return { heads: [], malformed: [] }
  const heads: Head[] = []
  const malformed: string[] = []
  for (const [index, text] of textOf(file).split(/\r?\n/).entries()) {
    if (text === '') continue
    const line = Line.safeParse(text)
    if (line.success) heads.push(line.data)
    else malformed.push(`${file}, line ${index + 1} is not "SEQ:HASH AT" and was left out: ${text.slice(0, 100)}`)
  }
  return { heads, malformed }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new InputError(`${file} holds the published heads and cannot be read: ${(error as Error).message}`)
  }
}

/** Appends a head and waits until it is on the disk. The same head twice in a row is written once. */
export function publishHead(home: string, head: Head): void {
  const file = headsFile(home)
  try {
    const before = existsSync(file) ? readFileSync(file, 'utf8') : ''
    const line = `${head.seq}:${head.hash} ${head.at}`
    if (before.trimEnd().split('\n').at(-1) === line) return
    makeFolder(dirname(file))
    // A line torn by a power cut must not swallow this one.
    appendDurably(file, `${before === '' || before.endsWith('\n') ? '' : '\n'}${line}\n`)
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error)
    throw new WorldError(`publishing the journal's head in ${file} failed: ${said}; mend it and run this again`, {
      retryable: true,
      cause: error,
    })
  }
}

function appendDurably(file: string, text: string): void {
  const handle = openSync(file, 'a')
  try {
    writeSync(handle, text)
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}
