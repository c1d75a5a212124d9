import uPlot from 'uplot'
import { make } from '../dom.ts'
import type { SessionData } from './session-data.ts'

type Line = { readonly column: string; readonly label: string; readonly color: string }
type Graph = { readonly title: string; readonly unit: string; readonly lines: readonly Line[] }

const BLUE = '#5cc8ff'
const GREEN = '#3ddc97'
const YELLOW = '#ffc857'
const RED = '#ff7b72'
const GREY = '#93a3b3'

const GRAPHS: readonly Graph[] = [
  {
    title: 'Bit rate',
    unit: 'kbit/s',
    lines: [
      { column: 'bitrateKbps', label: 'media', color: BLUE },
      { column: 'estimateKbps', label: 'path carries', color: GREY },
    ],
  },
  {
    title: 'Pictures',
    unit: '1/s',
    lines: [
      { column: 'framesReceived', label: 'received', color: GREY },
      { column: 'framesDecoded', label: 'decoded', color: GREEN },
      { column: 'framesDropped', label: 'dropped', color: RED },
    ],
  },
  {
    title: 'Lost packets',
    unit: '1/s',
    lines: [
      { column: 'lost', label: 'reported', color: RED },
      { column: 'playerLost', label: 'by the player', color: YELLOW },
      { column: 'repeated', label: 'sent again', color: GREEN },
      { column: 'dropped', label: 'left out', color: GREY },
    ],
  },
  {
    title: 'Times',
    unit: 'ms',
    lines: [
      { column: 'rttMs', label: 'round trip', color: BLUE },
      { column: 'jitterMs', label: 'jitter', color: YELLOW },
      { column: 'jitterBufferMs', label: 'jitter buffer', color: GREEN },
      { column: 'loopDelayMs', label: 'server late', color: GREY },
    ],
  },
  {
    title: 'Asked for',
    unit: '1/s',
    lines: [
      { column: 'nacks', label: 'packets (NACK)', color: YELLOW },
      { column: 'plis', label: 'key frames (PLI)', color: RED },
    ],
  },
  {
    title: 'Frozen',
    unit: 'ms/s',
    lines: [{ column: 'frozenMs', label: 'picture stood still', color: RED }],
  },
  {
    title: 'Layer',
    unit: '',
    lines: [
      { column: 'layer', label: 'layer', color: BLUE },
      { column: 'frameHeight', label: 'height', color: GREEN },
    ],
  },
]

const HEIGHT = 170
const clock = (seconds: number): string => new Date(seconds * 1000).toLocaleTimeString()
const AXIS: uPlot.Axis = { stroke: GREY, grid: { stroke: '#1d2730', width: 1 }, ticks: { stroke: '#26313c', width: 1 }, font: '11px system-ui, sans-serif' }

/** The graphs of one session, with one cursor over all of them. Those of which nothing is known are not there. */
export class Graphs {
  readonly element = make('div', { class: 'graphs' })
  readonly #cursor = uPlot.sync(crypto.randomUUID?.() ?? String(Math.random()))
  readonly #plots = new Map<Graph, { readonly lines: readonly Line[]; readonly plot: uPlot; readonly holder: HTMLElement }>()
  readonly #resizing = new ResizeObserver(() => this.#resize())

  constructor() {
    this.#resizing.observe(this.element)
  }

  /** @param fromMs the left edge, milliseconds since 1970 */
  show(data: SessionData, fromMs: number): void {
    for (const graph of GRAPHS) {
      const lines = graph.lines.filter(({ column }) => data.knows([column]))
      const plot = this.#plotOf(graph, lines)
      if (!plot) continue
      const series = data.series(
        lines.map(({ column }) => column),
        fromMs,
      )
      plot.setData(series)
      // The newest values, where the cursor points at no others.
      if (plot.cursor.idx == null) plot.setLegend({ idx: series[0].length - 1 }, false)
    }
  }

  remove(): void {
    this.#resizing.disconnect()
    for (const { plot } of this.#plots.values()) plot.destroy()
    this.element.remove()
  }

  /** The plot with just these lines: some are known only later, such as what the player reports. */
  #plotOf(graph: Graph, lines: readonly Line[]): uPlot | undefined {
    const present = this.#plots.get(graph)
    if (present?.lines.length === lines.length) return present.plot
    present?.plot.destroy()
    present?.holder.remove()
    this.#plots.delete(graph)
    return lines.length === 0 ? undefined : this.#make(graph, lines)
  }

  #make(graph: Graph, lines: readonly Line[]): uPlot {
    const holder = make('figure', {}, make('figcaption', {}, graph.title, ...(graph.unit === '' ? [] : [make('small', { class: 'unit' }, graph.unit)])))
    const position = GRAPHS.filter((other) => this.#plots.has(other) && GRAPHS.indexOf(other) < GRAPHS.indexOf(graph)).length
    this.element.insertBefore(holder, this.element.children[position] ?? null)
    const plot = new uPlot(
      {
        width: holder.clientWidth,
        height: HEIGHT,
        cursor: { sync: { key: this.#cursor.key }, points: { size: 6 }, drag: { x: false, y: false } },
        scales: { y: { range: (_plot, _min, max) => [0, Math.max(1, (max ?? 0) * 1.1)] } },
        axes: [
          { ...AXIS, values: (_plot, splits) => splits.map(clock), space: 70 },
          { ...AXIS, size: 46 },
        ],
        series: [
          { label: 'at', value: (_plot, seconds) => (seconds == null ? '' : clock(seconds)) },
          ...lines.map(({ label, color }) => ({ label, stroke: color, width: 1.5, points: { show: false } })),
        ],
      },
      [[]],
      holder,
    )
    this.#plots.set(graph, { lines, plot, holder })
    return plot
  }

  #resize(): void {
    for (const { plot, holder } of this.#plots.values()) {
      const width = holder.clientWidth
      if (width > 0 && width !== plot.width) plot.setSize({ width, height: HEIGHT })
    }
  }
}
