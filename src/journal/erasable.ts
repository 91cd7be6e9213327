import { hash as digest } from 'node:crypto'
import { canonicalJson } from './canonical.ts'
import type { TextRef } from './community-entry.ts'

/**
 * Text that can be erased while the chain still verifies. An entry holds a reference, `{id, sha256}`; what it refers to lies
 * in the table `texts`, with the salt without which nobody can try guesses against the hash. Erasing overwrites both.
 */
export type SealedText = {
  readonly id: string
  /** Pseudonym of whom it is about, with which all of a person is found; null for text of nobody in particular. */
  readonly person: string | null
  /** 32 hex digits from a secure source. */
  readonly salt: string
  /** Canonical JSON. */
  readonly content: string
}

/** A text as it lies in the journal and can still be read. */
export type KeptText = { readonly id: string; readonly seq: number; readonly content: unknown }

/**
 * A text in the two parts it is stored in: the reference for the entry's body and the row for the table.
 *
 * @param input id and salt: 32 hex digits each, drawn by the caller; content: anything JSON can hold
 * @throws TypeError for content that JSON cannot hold
 */
export function sealText(input: {
  readonly id: string
  readonly salt: string
  readonly person: string | null
  readonly content: unknown
}): { readonly ref: TextRef; readonly row: SealedText } {
  const { id, salt, person } = input
  const row = { id, person, salt, content: canonicalJson(input.content) }
  return { ref: { id, sha256: textSha256(row) }, row }
}

/** SHA-256 of the salt followed by the content, both as they are stored. */
export function textSha256({ salt, content }: Pick<SealedText, 'salt' | 'content'>): string {
  return digest('sha256', salt + content)
}

/**
 * Whether an entry refers to a text as it is. A body is canonical JSON, so a reference can only stand in it in one way, and
 * no string in it can hold these letters without their quotes escaped.
 */
export function refersTo(body: string, text: Pick<SealedText, 'id' | 'salt' | 'content'>): boolean {
  return body.includes(`{"id":"${text.id}","sha256":"${textSha256(text)}"}`)
}
