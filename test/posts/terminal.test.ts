import assert from 'node:assert/strict'
import { test } from 'node:test'
import { renderDecisionPost } from '../../src/posts/decision-post.ts'
import { postOnTerminal } from '../../src/posts/terminal.ts'
import { assertGolden } from './golden.ts'
import { close, decision, opened } from './sample-entries.ts'

test('a terminal shows the post of X in a frame no wider than asked', () => {
  const post = renderDecisionPost({ opened: opened(), decision: decision(), close: close() })
  const shown = postOnTerminal(post, { width: 72 })
  for (const line of shown.split('\n')) assert.ok(line.length <= 72, line)
  assertGolden('decision-terminal.txt', `${shown}\n`)
})

test('a post for Discord alone is shown without its markup', () => {
  const post = renderDecisionPost({ opened: opened(), decision: decision({ summary: '*Calm* <b>' }) })
  const shown = postOnTerminal({ ...post, x: [] })
  assert.match(shown, /decision post of entry 512 \(Discord\)/)
  assert.match(shown, /\*Calm\* ‹b>/)
  assert.doesNotMatch(shown, /\*\*|`|\\/)
})
