import { createRequire } from 'node:module'
import { createCanvas, GlobalFonts } from '@napi-rs/canvas'
import type { EChartsOption } from 'echarts'
import { init, setPlatformAPI } from 'echarts/dist/echarts.esm.min'
import { WorldError } from '../errors.ts'
import { chartSize } from '../posts/chart-options.ts'

/**
 * Draws a chart as a PNG of 2400 x 1350 pixels. Heavy: import this file only where a picture is made.
 *
 * Text is set in Inter from its npm package, so that every machine draws the same letters; only a letter that Inter's
 * Latin subsets lack (a Chinese name, say) is left to whatever fonts the machine has.
 */
export function renderPng(option: EChartsOption): Buffer {
  prepare()
  const density = 2
  const { width, height } = chartSize
  const canvas = createCanvas(width * density, height * density)
  // ECharts asks for a browser's element; what it uses of it is what this canvas has.
  const chart = init(canvas as unknown as Parameters<typeof init>[0], null, {
    devicePixelRatio: density,
    width,
    height,
  })
  try {
    chart.setOption({ ...option, animation: false })
    return canvas.toBuffer('image/png')
  } finally {
    chart.dispose()
  }
}

let prepared = false

function prepare(): void {
  if (prepared) return
  const require = createRequire(import.meta.url)
  for (const subset of ['latin', 'latin-ext']) {
    for (const weight of [400, 600]) {
      const file = require.resolve(`@fontsource/inter/files/inter-${subset}-${weight}-normal.woff2`)
      // A font that fails to load leaves a chart without any text and without any error.
      if (GlobalFonts.registerFromPath(file, 'Inter') === null) {
        throw new WorldError(`The font ${file} could not be read; reinstall the packages with npm ci`, {
          retryable: false,
        })
      }
    }
  }
  setPlatformAPI({ createCanvas: (width = 32, height = 32) => createCanvas(width, height) as never })
  prepared = true
}
