import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { withFolder } from '../support/database.ts'
import { primer, type Ran } from '../support/primer.ts'

/** Names under "Commands:" in a help text. */
function commandsIn(help: string): readonly string[] {
  const [, section = ''] = help.split('\nCommands:\n')
  return [...section.matchAll(/^ {2}([a-z][\w-]*)/gm)].map(([, name]) => name!).filter((name) => name !== 'help')
}

async function helpOf(home: string, words: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await primer([...words, '--help'], { home })
  assert.deepEqual([code, stderr], [0, ''], words.join(' '))
  return stdout
}

/** Commands that do something, with the words that lead to them, and their help. */
async function allCommands(
  home: string,
  words: readonly string[] = [],
): Promise<readonly (readonly [string, string])[]> {
  const help = await helpOf(home, words)
  const below = commandsIn(help)
  if (below.length === 0) return [[words.join(' '), help]]
  return (await Promise.all(below.map((name) => allCommands(home, [...words, name])))).flat()
}

test('the help of every command shows an example of it', () =>
  withFolder(async (home) => {
    const commands = await allCommands(home)
    const names = commands.map(([name]) => name)
    for (const name of [
      'demo',
      'run',
      'doctor',
      'status',
      'journal verify',
      'journal show',
      'journal head',
      'replay',
    ]) {
      assert(names.includes(name), `${name} is missing from ${names.join(', ')}`)
    }
    for (const [name, help] of commands) {
      assert.match(help, new RegExp(`^Usage: primer ${name}(\\|\\w+)? `), name)
      assert.match(help, new RegExp(`\\nExamples?:\\n(.*\\n)*? +\\$ npx primer ${name}\\b`), name)
      assert.match(help, /--json/, name)
    }
    assert.deepEqual(readdirSync(home), [])
  }))

/** The first words of the complaint, exit code 2, nothing on stdout and no stack. */
function assertRefused({ code, stdout, stderr }: Ran, complaint: RegExp): void {
  assert.deepEqual([code, stdout], [2, ''], stderr)
  assert.match(stderr, complaint)
  assert(stderr.startsWith('primer: '), stderr)
  assert.doesNotMatch(stderr, /\n +at /)
}

test('wrong words are refused in one line with exit code 2, and nothing is made', () =>
  withFolder(async (home) => {
    const cases: readonly (readonly [string, RegExp])[] = [
      [
        'demo --sessions 0',
        /^primer: option '--sessions <n>' argument '0' is invalid\. A whole number from 1, or "all"\./,
      ],
      ['demo --sessions -5', /^primer: option '--sessions <n>' argument '-5' is invalid/],
      ['demo --sessions abc', /^primer: option '--sessions <n>' argument 'abc' is invalid/],
      ['demo --frobnicate', /^primer: unknown option '--frobnicate'/],
      ['demo --market nonsense', /^primer: market "nonsense": there is no such market; write yahoo, csv:DIRECTORY/],
      ['demo --market csv:nowhere', /^primer: market csv:nowhere: .*nowhere does not exist; name a directory/],
      ['dmeo', /^primer: unknown command 'dmeo'\n\(Did you mean demo\?\)/],
      ['run', /^primer: missing required argument 'job'/],
      [
        'run dance',
        /^primer: no job is called "dance"; there are ingest, .*fill, allocate, monitor, report, publish, collect\n$/,
      ],
      ['run fill --date 2020-02-30', /^primer: option '--date <date>' argument '2020-02-30' is invalid/],
      ['run fill --book nobody', /^primer: no book is called "nobody"; there are allocator/],
    ]
    const ran = await Promise.all(
      cases.map(([words]) => primer(words.split(' '), { home, env: { MARKET: 'simulated:1' } })),
    )
    for (const [index, [, complaint]] of cases.entries()) assertRefused(ran[index]!, complaint)
    const settings = { DATABASE_URL: 'nowhere', WEB_PORT: '-1', OPENAI_API_KEY: 'sk with a space' }
    const wrong = await primer(['status'], { home, env: settings })
    assertRefused(wrong, /^(primer: (DATABASE_URL|WEB_PORT|OPENAI_API_KEY) .*\n){3}$/)
    assert.doesNotMatch(wrong.stderr, /with a space/)
    assert.deepEqual(readdirSync(home), [])
  }))

/** A Node older than 24, of the system or in PATH outside the project. */
function oldNode(): string | null {
  const folders = ['/usr/bin', ...(process.env.PATH ?? '').split(delimiter)]
  for (const folder of folders) {
    const file = join(folder, 'node')
    if (folder.includes('node_modules') || !existsSync(file)) continue
    const { stdout } = spawnSync(file, ['--version'], { encoding: 'utf8' })
    const major = Number(/^v(\d+)/.exec(stdout)?.[1])
    if (major < 24) return file
  }
  return null
}

test('an old Node is refused in one line before anything else is loaded', (context) =>
  withFolder(async (home) => {
    const node = oldNode()
    if (node === null) return context.skip('only Node 24 or newer is installed here')
    for (const args of [['--help'], ['demo', '--sessions', '1'], []]) {
      const { code, stdout, stderr } = await primer(args, { home, node })
      assert.deepEqual([code, stdout], [2, ''])
      assert.match(
        stderr,
        /^primer needs Node 24 or newer, and this is Node \d+\.\d+\.\d+: run it as "npx primer \.\.\.".*\n$/,
      )
    }
    assert.deepEqual(readdirSync(home), [])
  }))

test('a fault of the program shows where it happened and no secret', () =>
  withFolder(async (home) => {
    // Stands for a mistake of ours: the clock breaks.
    const broken = join(home, 'broken.mjs')
    writeFileSync(broken, `Date.prototype.toISOString = () => { throw new TypeError('the clock is broken') }\n`)
    const secrets = {
      OPENAI_API_KEY: 'sk-hidden-0123456789',
      DATABASE_URL: 'postgres://primer:hidden-password@127.0.0.1:9/primer',
      DISCORD_TOKEN: 'hidden-token',
      X_APP_SECRET: 'hidden-secret',
    }
    const env = { ...secrets, NODE_OPTIONS: `--import=${pathToFileURL(broken).href}` }
    const { code, stdout, stderr } = await primer(['status', '--json'], { home, env })
    assert.notEqual(code, 0)
    assert(![1, 2, 3].includes(code!), `exit code ${code} means something else`)
    assert.equal(stdout, '')
    assert.match(
      stderr,
      /^primer: this is a fault of the program, please report it\.\nTypeError: the clock is broken\n +at /,
    )
    assert.doesNotMatch(stderr, /hidden/)
  }))
