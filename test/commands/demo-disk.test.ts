import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { withFolder } from '../support/database.ts'
import { assertSameRows } from '../support/kill-run.ts'
import { primer, rowsOf, soundness, startPrimer } from '../support/primer.ts'

/** A shell in which disks can be mounted that nobody else sees. */
const ownDisks = ['unshare', '-rm', 'sh', '-e', '-c']
const noDisks =
  spawnSync('unshare', ['-rm', 'sh', '-c', 'mount -t tmpfs tmpfs /mnt']).status === 0
    ? false
    : 'needs unshare and mount, to make a small disk'
const noLimits = spawnSync('prlimit', ['--version']).status === 0 ? false : 'needs prlimit, to limit the size of files'

test('on a full disk a demo ends with one line, and with room it goes on to the same end', { skip: noDisks }, () =>
  withFolder(async (home) => {
    // "$@" is the program with its first words; the disk goes when the shell ends, so what is on it is copied away.
    const script = `
      mkdir disk && mount -t tmpfs -o size=350k tmpfs disk
      code=0; "$@" demo --sessions 6 --out disk/demo || code=$?
      echo "ended with $code" >&2
      "$@" journal verify --home disk/demo >&2
      "$@" replay --home disk/demo >&2
      cp -r disk/demo full
      mount -o remount,size=50m disk
      "$@" demo --sessions 6 --out disk/demo
      cp -r disk/demo after`
    const { code, stderr } = await startPrimer([], { home, under: [...ownDisks, script, 'sh'] }).ended
    assert.equal(code, 0, stderr)
    assert.match(
      stderr,
      /^primer: .*journal\.db failed: .*full; free some space and run this again; nothing was half-written$/m,
    )
    assert.match(stderr, /^ended with 3$/m)
    assert.doesNotMatch(stderr, /\n +at /)
    const full = rowsOf(join(home, 'full', 'journal.db'))
    assert(full.length > 5)

    assert.equal((await primer(['demo', '--sessions', '6', '--out', 'alone'], { home })).code, 0)
    const alone = rowsOf(join(home, 'alone', 'journal.db'))
    assertSameRows(full, alone.slice(0, full.length))
    assertSameRows(rowsOf(join(home, 'after', 'journal.db')), alone)
  }),
)

test('a disk too full for the charts, or read-only, is told in one line', { skip: noDisks }, () =>
  withFolder(async (home) => {
    const script = `
      mkdir disk && mount -t tmpfs -o size=400k tmpfs disk
      "$@" demo --sessions 1 --out disk/demo || echo "charts $?" >&2
      mount -o remount,ro,size=50m disk
      "$@" demo --sessions 1 --out disk/other || echo "out $?" >&2
      "$@" demo --sessions 1 --out disk/demo || echo "again $?" >&2
      PRIMER_HOME=disk "$@" demo --sessions 1 || echo "home $?" >&2
      PRIMER_HOME=disk/live MARKET=simulated:1 "$@" run allocate --date 2025-12-03 || echo "run $?" >&2`
    const { stderr } = await startPrimer([], { home, under: [...ownDisks, script, 'sh'] }).ended
    assert.match(stderr, /^primer: writing .*\.png failed: ENOSPC.*; free some space.*run this again.*\ncharts 3$/m)
    assert.match(
      stderr,
      /^primer: making the folder .*disk\/other failed: .*; choose a folder that may be written to\nout 2$/m,
    )
    assert.match(stderr, /^primer: .*disk\/demo.*\nagain [23]$/m)
    assert.match(
      stderr,
      /^primer: making a folder .* failed: EROFS.*; choose a folder that may be written to\nhome 2$/m,
    )
    assert.match(stderr, /^primer: .*disk\/live.*\nrun 2$/m)
    assert.doesNotMatch(stderr, /\n +at /)
  }),
)

test('files that may not grow any more stop a demo with nothing half-written', { skip: noLimits }, () =>
  withFolder(async (home) => {
    const args = ['demo', '--sessions', '4', '--out', 'demo']
    const limited = await startPrimer(args, { home, under: ['prlimit', '--fsize=250000'] }).ended
    // The system ends a process that goes beyond the limit, unless it asked not to be.
    assert(limited.code === 3 || limited.signal === 'SIGXFSZ', JSON.stringify(limited))
    const { entries, verifies, differences } = await soundness(join(home, 'demo'))
    assert(entries !== null && entries > 2)
    assert.deepEqual([verifies, differences], [true, []])
    assert.equal((await primer(args, { home })).code, 0)
    assert.equal((await primer(['demo', '--sessions', '4', '--out', 'alone'], { home })).code, 0)
    assertSameRows(rowsOf(join(home, 'demo', 'journal.db')), rowsOf(join(home, 'alone', 'journal.db')))
  }),
)
