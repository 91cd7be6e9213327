/** ECharts in one file: its six hundred modules one by one take ten times as long to load, and a demo half as long again. */
declare module 'echarts/dist/echarts.esm.min' {
  export * from 'echarts'
}
