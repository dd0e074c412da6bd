/** One line of the format that is a value. */
export interface Sample {
  name: string;
  labels: Record<string, string>;
  value: number;
}

interface Family {
  type: string;
  samples: Sample[];
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const UNITS = /_(milliseconds|ms|minutes|hours|days|kilobytes|megabytes|percent)(_|$)/;

/** Reads text of Prometheus's format 0.0.4. @throws Error where it breaks a rule that `promtool check metrics` would name, or Prometheus itself */
export function readPrometheusText(text: string): Map<string, Family> {
  const families = new Map<string, Family>();
  const helps = new Set<string>();
  const series = new Set<string>();
  if (text !== '' && !text.endsWith('\n')) throw new Error('The last line does not end');
  let current: { name: string; family: Family } | undefined;
  for (const line of text.split('\n').slice(0, -1)) {
    const fail = (what: string): never => {
      throw new Error(`${what}: ${line}`);
    };
    const comment = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line);
    if (comment) {
      const [, keyword, name = '', rest = ''] = comment;
      if (!NAME.test(name)) fail('No name of a metric');
      if (keyword === 'HELP') {
        if (helps.has(name)) fail('A second HELP');
        if (rest.trim() === '') fail('An empty HELP');
        helps.add(name);
      } else {
        if (families.has(name)) fail('A second TYPE, or one behind samples');
        if (!['counter', 'gauge', 'histogram'].includes(rest)) fail('No type');
        if ((rest === 'counter') !== name.endsWith('_total')) fail('Counters, and no others, end in _total');
        if (/_(count|sum|bucket|info)$/.test(name)) fail('A suffix that is reserved');
        if (UNITS.test(name)) fail('Not a base unit');
        current = { name, family: { type: rest, samples: [] } };
        families.set(name, current.family);
      }
      continue;
    }
    if (line.startsWith('#')) fail('A comment of no kind');
    const sample = readSample(line) ?? fail('No sample');
    const suffixes = current?.family.type === 'histogram' ? ['_bucket', '_sum', '_count'] : [''];
    if (!current || !suffixes.some((suffix) => sample.name === current?.name + suffix)) fail('Not in its family');
    if (current && !helps.has(current.name)) fail('Without HELP');
    const key = JSON.stringify([sample.name, Object.entries(sample.labels).toSorted(byName)]);
    if (series.has(key)) fail('A second sample of a series');
    series.add(key);
    current?.family.samples.push(sample);
  }
  for (const [name, family] of families) {
    if (family.samples.length === 0) throw new Error(`${name} has no samples`);
    if (family.type === 'histogram') checkHistograms(name, family.samples);
    if (family.type === 'counter' && family.samples.some(({ value }) => !(value >= 0))) throw new Error(`${name} < 0`);
  }
  return families;
}

/** Reads character by character: a label may hold whatever looks like the end of something. */
function readSample(line: string): Sample | null {
  const [head] = /^[a-zA-Z_:][a-zA-Z0-9_:]*/.exec(line) ?? [];
  if (head === undefined) return null;
  const labels: Record<string, string> = {};
  let at = head.length;
  if (line[at] === '{') {
    at++;
    while (line[at] !== '}') {
      const [start = '', label = ''] = /^([a-zA-Z_][a-zA-Z0-9_]*)="/.exec(line.slice(at)) ?? [];
      if (start === '' || label.startsWith('__') || Object.hasOwn(labels, label)) return null;
      at += start.length;
      let text = '';
      for (; line[at] !== '"'; at++) {
        if (at >= line.length) return null;
        if (line[at] !== '\\') {
          text += line[at];
          continue;
        }
        const escaped = { '\\': '\\', '"': '"', n: '\n' }[line[++at] ?? ''];
        if (escaped === undefined) return null;
        text += escaped;
      }
      labels[label] = text;
      at++;
      if (line[at] === ',') at++;
      else if (line[at] !== '}') return null;
    }
    at++;
  }
  const value = /^ (-?\d+(?:\.\d+)?(?:e[+-]?\d+)?|[+-]Inf|NaN)$/.exec(line.slice(at))?.[1];
  if (value === undefined) return null;
  return { name: head, labels, value: Number(value.replace('Inf', 'Infinity')) };
}

function byName([one]: [string, string], [other]: [string, string]): number {
  return one < other ? -1 : 1;
}

function checkHistograms(name: string, samples: readonly Sample[]): void {
  const groups = new Map<string, Sample[]>();
  for (const sample of samples) {
    const { le: _, ...labels } = sample.labels;
    const key = JSON.stringify(Object.entries(labels).toSorted(byName));
    groups.set(key, [...(groups.get(key) ?? []), sample]);
  }
  for (const [key, group] of groups) {
    const buckets = group.filter((sample) => sample.name === `${name}_bucket`);
    const bounds = buckets.map(({ labels }) => Number((labels['le'] ?? 'none').replace('Inf', 'Infinity')));
    const [sums, counts] = ['_sum', '_count'].map((suffix) => group.filter((each) => each.name === name + suffix));
    const isRising = (list: number[], strictly: boolean): boolean =>
      list.every(
        (value, row) => row === 0 || (strictly ? value > (list[row - 1] ?? 0) : value >= (list[row - 1] ?? 0)),
      );
    if (!isRising(bounds, true) || bounds.at(-1) !== Infinity)
      throw new Error(`${name}${key}: bounds ${bounds.join()}`);
    if (
      !isRising(
        buckets.map(({ value }) => value),
        false,
      )
    )
      throw new Error(`${name}${key}: not cumulative`);
    if (sums?.length !== 1 || counts?.length !== 1) throw new Error(`${name}${key}: no _sum, or no _count`);
    if (counts[0]?.value !== buckets.at(-1)?.value) throw new Error(`${name}${key}: _count is not that of +Inf`);
    if (group.some((each) => each.name !== `${name}_bucket` && 'le' in each.labels)) throw new Error(`${name}: le`);
  }
}
