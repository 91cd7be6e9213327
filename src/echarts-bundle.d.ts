/** ECharts in one file: its six hundred modules one by one take ten times as long to load, and a demo longer to start. */
declare module 'echarts/dist/echarts.esm.min' {
  export * from 'echarts'
}
