// Runs every benchmark, one process each, and prints what each prints. `npm run bench`; the peers of some need `npm ci --prefix bench`.
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('.', import.meta.url))
for (const name of readdirSync(folder)
  .filter((file) => file.endsWith('.ts') && file !== 'run.ts')
  .sort()) {
  process.stdout.write(`\n## ${name}\n\n`)
  spawnSync(process.execPath, [`${folder}${name}`], { stdio: 'inherit' })
}
