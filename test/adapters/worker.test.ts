import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { isGone, workerName } from '../../src/adapters/worker.ts'

const file = fileURLToPath(new URL('../../src/adapters/worker.ts', import.meta.url))
const program = `const { workerName } = await import(${JSON.stringify(file)}); console.log(workerName());`

test('a process that ended is known to be gone, one that runs is not, and neither is one of another machine', async () => {
  const ended = spawnSync(process.execPath, ['-e', program], { encoding: 'utf8' }).stdout.trim()
  assert.match(ended, /^[0-9a-f]{12}:\d+:[0-9a-f]{8}1$/)
  assert.equal(isGone(ended), process.platform === 'linux')
  const running = spawn(process.execPath, ['-e', `${program} setInterval(() => {}, 1000)`], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const [chunk] = (await once(running.stdout, 'data')) as [Buffer]
  assert.equal(isGone(chunk.toString().trim()), false)
  running.kill('SIGKILL')
  await once(running, 'exit')
  assert.equal(isGone(chunk.toString().trim()), process.platform === 'linux')
  const [, pid, start] = ended.split(':')
  assert.equal(isGone(`0123456789ab:${pid}:${start}`), false)
  assert.equal(isGone('nonsense'), false)
})

test('a process that ended is gone although nobody asks for its exit code', {
  skip: process.platform !== 'linux',
}, async () => {
  // The shell becomes another program, which does not know of its child.
  const parent = spawn('sh', ['-c', '"$0" -e "$1" & exec sleep 60', process.execPath, program], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  try {
    const [chunk] = (await once(parent.stdout, 'data')) as [Buffer]
    const name = chunk.toString().trim()
    const stat = `/proc/${name.split(':')[1]}/stat`
    while (!/\) Z /.test(readFileSync(stat, 'utf8'))) await setTimeout(10)
    assert.equal(isGone(name), true)
  } finally {
    parent.kill('SIGKILL')
  }
})

test('whoever has the number of this process and began at another time is gone; each name is new', () => {
  const mine = workerName()
  assert.notEqual(workerName(), mine)
  assert.equal(isGone(mine), false)
  const [host, pid] = mine.split(':')
  assert.equal(isGone(`${host}:${pid}:00000000a`), process.platform === 'linux')
})
