import type { z } from 'zod'
import { repeatedKey } from '../decision/json-keys.ts'
import { closest } from '../misspelling.ts'
import { shown } from './returns-csv.ts'

/** Fields as they came, not yet checked. */
export type Given = Readonly<Record<string, unknown>>

const faultsMost = 50

/**
 * Reads one JSON object. NaN and Infinity, which Python writes, become texts, so that each is refused with its place.
 *
 * @param example of what it should be, for the message
 * @param faults what is wrong is added here, one sentence each
 * @returns null when there is no object at all
 */
export function jsonObject(name: string, text: string, example: string, faults: string[]): Given | null {
  const value = parsed(text) ?? parsed(withTexts(text))
  if (value === undefined) {
    faults.push(`${name} is not JSON: ${complaint(withTexts(text))}`)
    return null
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    faults.push(`${name} must be an object such as ${example}, got ${Array.isArray(value) ? 'a list' : shown(value)}`)
    return null
  }
  const twice = repeatedKey(text)
  if (twice !== null) faults.push(`${shown(twice)} is there twice; keep one`)
  return value as Given
}

function withTexts(text: string): string {
  return text.replace(/"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b/g, (token) =>
    token.startsWith('"') ? token : `"${token}"`,
  )
}

/** Undefined where it is no JSON, which no JSON says. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function complaint(text: string): string {
  try {
    JSON.parse(text)
    return ''
  } catch (error) {
    return (error as Error).message.slice(0, 200)
  }
}

/**
 * What a schema has against an input, one sentence each with its place.
 *
 * @param knownAt keys that an object may have, by its path; '' is the whole
 */
export function sentencesOf(
  error: z.ZodError,
  knownAt: Readonly<Record<string, readonly string[]>>,
): readonly string[] {
  return error.issues.flatMap((issue) => {
    const path = issue.path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('')
    const where = path.replace(/^\./, '')
    if (issue.code !== 'unrecognized_keys') return [`${where} ${issue.message}`.trim()]
    const known = knownAt[where] ?? []
    return issue.keys.map((key) => {
      const meant = closest(key, known, 3)
      const hint = meant === null ? `known are ${known.join(', ')}` : `did you mean ${meant}?`
      return `${where === '' ? '' : `${where}.`}${shown(key)} is not a known key; ${hint}`
    })
  })
}

/** The first faults, and how many more there are. */
export function firstFaults(faults: readonly string[]): readonly string[] {
  const more = faults.length - faultsMost
  return more > 0 ? [...faults.slice(0, faultsMost), `and ${more} more`] : faults
}
