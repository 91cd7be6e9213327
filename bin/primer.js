#!/usr/bin/env node
// Plain JavaScript, so that an old Node can read it and say so before anything newer is loaded.
const required = 24
const major = Number(process.versions.node.split('.')[0])
if (major < required) {
  process.stderr.write(
    `primer needs Node ${required} or newer, and this is Node ${process.versions.node}: ` +
      'run it as "npx primer ..." or "npm run -s primer -- ..." in the project, which bring their own Node.\n',
  )
  process.exit(2)
}
// Compiled code is kept between runs, which halves the start from source.
const { enableCompileCache } = await import('node:module')
enableCompileCache?.()
const { main } = await import('../src/cli.ts')
await main(process.argv)
