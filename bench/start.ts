// Start of the command from source, in a fresh process each time, beside an empty Node. Run: node bench/start.ts
import { spawnSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const bin = fileURLToPath(new URL('../bin/primer.js', import.meta.url))
const environment = { ...process.env, PRIMER_HOME: join(tmpdir(), 'primer-bench-nothing') }
const commands: readonly (readonly [string, readonly string[]])[] = [
  ['empty Node', ['-e', '']],
  ['primer --help', [bin, '--help']],
  ['primer status', [bin, 'status']],
]
const times = new Map<string, number[]>(commands.map(([name]) => [name, []]))
for (let round = 0; round < 11; round++) {
  for (const [name, words] of commands) {
    const start = performance.now()
    spawnSync(process.execPath, words, { env: environment, stdio: 'ignore' })
    times.get(name)!.push(performance.now() - start)
  }
}
const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1]!
const base = median(times.get('empty Node')!)
console.log('| start of a process | median ms | x empty Node |\n|---|---|---|')
for (const [name, values] of times)
  console.log(`| ${name} | ${median(values).toFixed(0)} | ${(median(values) / base).toFixed(1)} |`)
