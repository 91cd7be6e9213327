import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { RenderedPost } from '../../src/journal/entry.ts'
import { weightedLength } from '../../src/posts/length.ts'

const folder = fileURLToPath(new URL('../golden/posts/', import.meta.url))

/** Compares with the whole file; `UPDATE_GOLDEN=1` writes it instead, to be read before it is committed. */
export function assertGolden(name: string, text: string): void {
  const file = `${folder}${name}`
  if (process.env.UPDATE_GOLDEN === '1') writeFileSync(file, text)
  assert.equal(text, readFileSync(file, 'utf8'), `differs from test/golden/posts/${name}; UPDATE_GOLDEN=1 rewrites it`)
}

/** A post as a file: every text on X with its weight, then the Discord message. */
export function postAsText(post: RenderedPost): string {
  const texts = post.x.map(
    (text, index) => `--- X ${index + 1} of ${post.x.length}: ${weightedLength(text)}/280\n${text}\n`,
  )
  return `${texts.join('\n')}\n--- Discord\n${JSON.stringify(post.discord, null, 2)}\n`.trimStart()
}
