import { createCanvas } from '@napi-rs/canvas'
import type { EChartsOption } from 'echarts'
import { init, setPlatformAPI } from 'echarts/dist/echarts.esm.min'
import { registerInter } from './inter.ts'

/**
 * Draws a chart as an SVG element for a page: no script, no style sheet, no outside address, and the same bytes for the same
 * chart. Heavy: import this file only where a picture is made.
 *
 * @param id unique in the page: clips and gradients are named after it
 */
export function renderSvg(
  option: EChartsOption,
  { id, width, height }: { readonly id: string; readonly width: number; readonly height: number },
): string {
  prepare()
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height })
  try {
    chart.setOption({ ...option, animation: false })
    return still(chart.renderToSVGString({ useViewBox: true }), id)
  } finally {
    // A chart left alone keeps its clock running, and the process with it.
    chart.dispose()
  }
}

/** Without what serves a mouse only, and with names that do not count up from chart to chart. */
function still(svg: string, id: string): string {
  return svg
    .replace(/<style[\s\S]*?<\/style>/g, '')
    .replace(/ (class|pointer-events|ecmeta_\w+|xmlns|xmlns:xlink|version|baseProfile)="[^"]*"/g, '')
    .replace(/\bzr\d+-/g, `${id}-`)
    .replace(/<defs >\s*<\/defs>/g, '')
    .replace(/^<svg width="\d+" height="\d+"/, '<svg')
    .replace(/>\s+</g, '><')
    .trim()
}

let prepared = false

function prepare(): void {
  if (prepared) return
  registerInter()
  const context = createCanvas(8, 8).getContext('2d')
  // Left alone, drawing without a browser guesses widths letter by letter. The PNG adapter sets another part of the same
  // platform, a canvas in the same font, so whichever comes first both measure alike.
  setPlatformAPI({
    measureText: (text, font) => {
      context.font = font ?? '12px Inter'
      return context.measureText(text)
    },
  })
  prepared = true
}
