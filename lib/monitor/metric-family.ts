import { BUCKETS_MS, type Spans } from '../broker/figures.js';

type Labels = Readonly<Record<string, string>>;

/** One metric in Prometheus's text format, version 0.0.4, with all its series. */
export class MetricFamily {
  private readonly lines: string[] = [];

  constructor(
    private readonly name: string,
    private readonly type: 'counter' | 'gauge' | 'histogram',
    private readonly help: string,
  ) {}

  /** @param labels no two series have the same */
  add(labels: Labels, value: number): void {
    this.sample(this.name, labels, value);
  }

  /** Of a histogram, whose unit is seconds. */
  addSpans(labels: Labels, { counts, sumMs }: Spans): void {
    let count = 0;
    for (const [bucket, more] of counts.entries()) {
      count += more;
      const bound = BUCKETS_MS[bucket];
      this.sample(`${this.name}_bucket`, { ...labels, le: bound === undefined ? '+Inf' : String(bound / 1000) }, count);
    }
    this.sample(`${this.name}_sum`, labels, sumMs / 1000);
    this.sample(`${this.name}_count`, labels, count);
  }

  /** Nothing where there is no series. */
  toString(): string {
    if (this.lines.length === 0) return '';
    return `# HELP ${this.name} ${this.help}\n# TYPE ${this.name} ${this.type}\n${this.lines.join('')}`;
  }

  private sample(name: string, labels: Labels, value: number): void {
    const all = Object.entries(labels).map(([label, text]) => `${label}="${escape(text)}"`);
    this.lines.push(`${name}{${all.join(',')}} ${value}\n`);
  }
}

function escape(text: string): string {
  return text.replace(/[\\"\n]/g, (character) => (character === '\n' ? '\\n' : `\\${character}`));
}
