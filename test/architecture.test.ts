import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative, resolve } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

/** The map of the README: a file imports only from lower ranks or from its own folder. */
const ranks: readonly (readonly [RegExp, number])[] = [
  [/^src\/(units|errors|random|template|misspelling|redaction)\.ts$/, 0],
  [/^src\/market\//, 1],
  [/^src\/(indicators|portfolio|statistics)\//, 2],
  [/^src\/(optimizer|catalysts)\//, 3],
  [/^src\/decision\//, 4],
  [/^src\/journal\//, 5],
  [/^src\/(posts|backtest)\//, 6],
  [/^src\/(config(-checks)?|books|files|source-lists|schedule|job-run)\.ts$/, 7],
  [/^src\/adapters\//, 8],
  [/^src\/(context|open-context|open-market|job)\.ts$/, 9],
  [/^src\/talk\//, 10],
  [/^jobs\//, 11],
  [/^src\/service\//, 12],
  [/^src\/commands\//, 13],
  [/^src\/cli(-\w+)?\.ts$/, 14],
]
const pureMost = 6
/** Libraries that compute and nothing else. */
const pureImports = [
  /^zod$/,
  /^node:assert/,
  /^node:crypto$/,
  /^luxon$/,
  /^canonicalize$/,
  /^twitter-text$/,
  /^pure-rand\//,
  /^echarts(\/|$)/,
]

function files(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
    .map((name) => join(folder, name))
}

const sources = [...files('src'), ...files('jobs')]
const textOf = (file: string) => readFileSync(join(root, file), 'utf8')
const rankOf = (file: string) => ranks.find(([pattern]) => pattern.test(file))?.[1]

/** A folder under src with all below it, such as src/decision; jobs; and each single file beside them. */
const roomOf = (file: string) =>
  file
    .split('/')
    .slice(0, file.startsWith('src/') ? 2 : 1)
    .join('/')
const withoutComments = (text: string) => text.replace(/\/\*[\s\S]*?\*\/|(?<!:)\/\/.*$/gm, '')

type Import = { readonly from: string; readonly isType: boolean }
function importsOf(text: string): Import[] {
  const found: Import[] = []
  for (const match of text.matchAll(/^(?:import|export)\s+(type\s+)?(?:[^'"]*?\sfrom\s+)?'([^']+)'/gms)) {
    found.push({ from: match[2]!, isType: match[1] !== undefined })
  }
  for (const match of text.matchAll(/import\('([^']+)'\)/g)) found.push({ from: match[1]!, isType: false })
  return found
}

test('every file has a rank, and imports only from lower ranks or its own folder', () => {
  const faults: string[] = []
  for (const file of sources) {
    const own = rankOf(file)
    if (own === undefined) {
      faults.push(`${file} is in no room of the map`)
      continue
    }
    for (const { from } of importsOf(textOf(file))) {
      if (!from.startsWith('.')) continue
      const target = relative(root, resolve(root, dirname(file), from))
      const other = rankOf(target)
      if (roomOf(target) === roomOf(file) || (dirname(target) === dirname(file) && other === own)) continue
      if (other === undefined || other >= own) faults.push(`${file} (${own}) imports ${target} (${other})`)
    }
  }
  assert.deepEqual(faults, [])
})

test('the pure rooms read no clock, chance, disk, network or environment', () => {
  const faults: string[] = []
  const impure = [
    /\bDate\.now\(/,
    /\bnew Date\(\)/,
    /\bMath\.random\(/,
    /\bprocess\.(?!versions)/,
    /\bfetch\(/,
    /\bsetTimeout\(/,
    /performance\.now/,
  ]
  for (const file of sources.filter((candidate) => (rankOf(candidate) ?? 99) <= pureMost)) {
    const text = withoutComments(textOf(file))
    for (const pattern of impure) if (pattern.test(text)) faults.push(`${file} uses ${pattern.source}`)
    for (const { from, isType } of importsOf(text)) {
      if (from.startsWith('.') || isType) continue
      if (!pureImports.some((pattern) => pattern.test(from))) faults.push(`${file} imports ${from}`)
    }
  }
  assert.deepEqual(faults, [])
})

test('no naive local time anywhere: dates are texts, moments are UTC', () => {
  const naive =
    /\.(getHours|getMinutes|getDay|getDate|getMonth|getFullYear|toLocale(Date|Time)String|setHours|getTimezoneOffset)\(/
  assert.deepEqual(
    sources.filter((file) => naive.test(textOf(file))),
    [],
  )
})

test('no file grows past 300 lines, and no type is switched off', () => {
  const faults: string[] = []
  for (const file of sources) {
    const text = textOf(file)
    const lines = text.split('\n').length
    if (lines > 301) faults.push(`${file} has ${lines} lines`)
    if (/\bas any\b|: any\b/.test(withoutComments(text)) || /@ts-ignore|@ts-nocheck|@ts-expect-error/.test(text))
      faults.push(`${file} switches types off`)
  }
  assert.deepEqual(faults, [])
})

test('a command loads no heavy client that it does not use', () => {
  const heavy = [
    'openai',
    'yahoo-finance2',
    'echarts',
    '@napi-rs/canvas',
    'highs',
    'pg',
    'ccxt',
    'discord.js',
    'bullmq',
    'twitter-api-v2',
    'twitter-text',
  ]
  const spy = `import { registerHooks } from 'node:module'
    const heavy = ${JSON.stringify(heavy)}
    registerHooks({ resolve(specifier, context, next) {
      const name = heavy.find((name) => specifier === name || specifier.startsWith(name + '/'))
      if (name !== undefined) process.stderr.write('LOADED ' + name + '\\n')
      return next(specifier, context)
    } })`
  const loadedBy = (...words: string[]) => {
    const { stderr } = spawnSync(
      process.execPath,
      ['--import', `data:text/javascript,${encodeURIComponent(spy)}`, join(root, 'bin/primer.js'), ...words],
      { encoding: 'utf8', env: { ...process.env, PRIMER_HOME: join(tmpdir(), 'primer-nothing-here') } },
    )
    return [...stderr.matchAll(/^LOADED (\S+)/gm)].map((match) => match[1])
  }
  assert.deepEqual(loadedBy('--help'), [])
  assert.deepEqual(loadedBy('status'), [])
  assert.deepEqual(loadedBy('journal', 'head'), [])
  assert.deepEqual(loadedBy('demo', '--help'), [])
})

test('each prompt says in its first line who reads it and which names it takes, and takes those', () => {
  for (const name of readdirSync(join(root, 'prompts')).filter((file) => file.endsWith('.md'))) {
    const text = textOf(join('prompts', name))
    const [first = '', ...rest] = text.split('\n')
    const used = new Set([...rest.join('\n').matchAll(/\{\{\s*([\w.-]+)\s*\}\}/g)].map((match) => match[1]))
    for (const used_ of used) assert.ok(first.includes(used_!), `${name}: ${used_} is not named in the first line`)
  }
})

test('the README and the docs link only to files that exist', () => {
  for (const file of ['README.md', ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`)].filter((name) =>
    name.endsWith('.md'),
  )) {
    for (const match of textOf(file).matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)) {
      assert.ok(existsSync(resolve(root, dirname(file), match[1]!)), `${file} links to ${match[1]}`)
    }
  }
})

test('--version says what package.json says', () => {
  const { version } = JSON.parse(textOf('package.json')) as { version: string }
  const { stdout } = spawnSync(process.execPath, [join(root, 'bin/primer.js'), '--version'], { encoding: 'utf8' })
  assert.equal(stdout.trim(), version)
})
