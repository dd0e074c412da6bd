/** What can be measured; a workload yields some of it. */
export const FIGURES = {
  tasksPerSecond: { title: 'tasks/s', digits: 0, compared: true },
  p50: { title: 'p50, ms', digits: 2, compared: true },
  p95: { title: 'p95, ms', digits: 2, compared: true },
  p99: { title: 'p99, ms', digits: 2, compared: true },
  startMs: { title: 'start to first task, ms', digits: 1, compared: true },
  redisMicros: { title: 'Redis CPU, µs/task', digits: 1, compared: true },
  nodeMicros: { title: 'Node CPU, µs/task', digits: 1, compared: true },
  commands: { title: 'Redis commands per task', digits: 2, compared: true },
  idleCommands: { title: 'Redis commands per minute', digits: 0, compared: true },
  connections: { title: 'connections', digits: 0, compared: true },
  /** Not of the peer but of the machine: how much others disturbed. 100 is one core. */
  othersPercent: { title: "others' CPU, %", digits: 0, compared: false },
  bytes: { title: 'Redis memory, bytes/task', digits: 0, compared: true },
  datasetBytes: { title: 'of it data set, bytes/task', digits: 0, compared: true },
} as const;

export type FigureName = keyof typeof FIGURES;

export const FIGURE_NAMES = Object.keys(FIGURES) as FigureName[];

/** The result of one measurement. */
export type Figures = Partial<Record<FigureName, number>>;
