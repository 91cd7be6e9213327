import { createHash } from 'node:crypto'
import { InputError } from '../errors.ts'
import { fill, nameFaults, namesIn } from '../template.ts'
import { answerSchemaText } from './answer.ts'
import type { ChatMessage } from './asking.ts'
import {
  benchmarksBlock,
  blockedBlock,
  decisionsBlock,
  limitsBlock,
  notesBlock,
  pendingBlock,
  portfolioBlock,
  positionsBlock,
  riskBlock,
} from './prompt-book.ts'
import { assetsBlock, correlationsBlock, headerBlock, ratesBlock, regimeBlock } from './prompt-market.ts'
import type { Snapshot } from './snapshot.ts'

/** What a prompt file may name, and what stands in its place: functions of the snapshot and of nothing else. */
const blocks = {
  header: headerBlock,
  rates: ratesBlock,
  regime: regimeBlock,
  assets: assetsBlock,
  correlations: correlationsBlock,
  portfolio: portfolioBlock,
  positions: positionsBlock,
  pending: pendingBlock,
  risk: riskBlock,
  limits: limitsBlock,
  blocked: blockedBlock,
  benchmarks: benchmarksBlock,
  decisions: decisionsBlock,
  notes: notesBlock,
  answer: () => answerSchemaText,
} as const satisfies Record<string, (snapshot: Snapshot) => string>

export const promptNames: readonly string[] = Object.keys(blocks)

export type Prompt = { readonly messages: readonly ChatMessage[] }

/**
 * The messages for one decision, from the prompt file and the snapshot alone: the same two give the same bytes on any machine.
 * The file is cut into its two messages before any value is put in, so no value can start a message of its own.
 *
 * @param template text of a prompt file: a first line that names its reader and its names, then `# System` and `# User`
 * @throws InputError listing every fault of the file
 */
export function renderPrompt(template: string, snapshot: Snapshot): Prompt {
  const { system, user } = parsePrompt(template)
  const render = (part: string): string => {
    const wanted = Object.entries(blocks).filter(([name]) => namesIn(part).includes(name))
    return fill(part, Object.fromEntries(wanted.map(([name, block]) => [name, block(snapshot)])))
  }
  return {
    messages: [
      { role: 'system', content: render(system) },
      { role: 'user', content: render(user) },
    ],
  }
}

/** Identifies the prompt file a decision was asked with: SHA-256 of its text, in hex. */
export function promptSha256(template: string): string {
  return createHash('sha256').update(template).digest('hex')
}

const form = /^<!--(.*)-->\n+# System\n(.*)\n# User\n(.*)$/s

/**
 * The two parts of a prompt file. Every name must stand in its first line, in its text and among the blocks, so that nothing
 * the guardrails enforce is silently left out of what the model reads.
 */
export function parsePrompt(template: string): { readonly system: string; readonly user: string } {
  const [, head, system, user] = form.exec(template.replaceAll('\r\n', '\n')) ?? []
  if (head === undefined || system === undefined || user === undefined || head.includes('\n')) {
    throw new InputError(
      'prompt file: the first line must be <!-- who reads it. Names: ... -->, then a line "# System" and later a line "# User"',
    )
  }
  const announced = (/Names:(.*)/.exec(head)?.[1] ?? '').split(/[\s,]+/).filter((name) => name !== '')
  const faults = [
    ...nameFaults(`${system}\n${user}`, promptNames),
    ...namesIn(`${system}\n${user}`)
      .filter((name) => promptNames.includes(name) && !announced.includes(name))
      .map((name) => `the first line does not announce ${name}`),
    ...announced
      .filter((name) => !promptNames.includes(name))
      .map((name) => `the first line announces ${name}, which nothing fills`),
  ]
  if (faults.length > 0) throw new InputError(faults.map((fault) => `prompt file: ${fault}`))
  return { system: system.trim(), user: user.trim() }
}
