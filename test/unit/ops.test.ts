import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../src/core/clock';
import { INCIDENT_KINDS } from '../../src/incidents/incident';
import { createMetrics } from '../../src/telemetry/metrics';
import { describeWithPromtool, promtool } from '../support/promtool';

/** The dashboard and the alert rules speak of metrics that exist, with labels that they have. */
const ROOT = join(__dirname, '..', '..');
const RULES = join(ROOT, 'ops', 'prometheus');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

interface Known {
  readonly labels: ReadonlySet<string>;
}

function knownSeries(): ReadonlyMap<string, Known> {
  const { registry } = createMetrics({
    clock: systemClock,
    read: { databases: {} as never, queues: () => Promise.resolve({}), incidentKinds: [] },
  });
  const known = new Map<string, Known>([['up', { labels: new Set(SCRAPED) }]]);
  for (const { name, type, labelNames } of registry.getMetricsAsArray() as unknown as Metric[]) {
    const suffixes = type === 'histogram' ? ['_bucket', '_sum', '_count'] : [''];
    for (const suffix of suffixes) known.set(name + suffix, { labels: new Set([...labelNames, ...SCRAPED, 'le']) });
  }
  return known;
}

interface Metric {
  readonly name: string;
  readonly type: string;
  readonly labelNames: readonly string[];
}

/** The labels that the scraper adds. */
const SCRAPED = ['job', 'instance'];

const SYNTAX = new Set(
  'sum max min count rate increase abs absent histogram_quantile by and or unless without on'.split(' '),
);

/** What an expression of PromQL names: series, and the labels that it selects or groups them by. */
function namesIn(expression: string): { series: string[]; labels: string[] } {
  const labels = [
    ...[...expression.matchAll(/\{([^}]*)\}/g)].flatMap(([, inside]) =>
      [...inside!.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map(([, label]) => label!),
    ),
    ...[...expression.matchAll(/\b(?:by|without|on)\s*\(([^)]*)\)/g)].flatMap(([, inside]) =>
      inside!.split(',').map((label) => label.trim()),
    ),
  ];
  const bare = expression
    .replace(/\{[^}]*\}/g, '')
    .replace(/\[[^\]]*\]/g, '')
    .replace(/\b(?:by|without|on)\s*\([^)]*\)/g, '');
  const series = [...bare.matchAll(/[a-z_][a-z_0-9:]*/g)].map(([name]) => name).filter((name) => !SYNTAX.has(name));
  return { series, labels };
}

const known = knownSeries();

function mustExist(expression: string): void {
  const { series, labels } = namesIn(expression);
  expect([expression, series.length > 0]).toEqual([expression, true]);
  for (const name of series) expect([expression, name, known.has(name)]).toEqual([expression, name, true]);
  for (const label of labels) {
    const has = series.some((name) => known.get(name)!.labels.has(label));
    expect([expression, label, has]).toEqual([expression, label, true]);
  }
}

it('sees a name that does not exist', () => {
  expect(() => {
    mustExist('sum(rate(quittance_nothing_total[5m]))');
  }).toThrow();
  expect(() => {
    mustExist('max(quittance_work_open{merchant="x"})');
  }).toThrow();
});

describe('the dashboard', () => {
  interface Panel {
    readonly id: number;
    readonly type: string;
    readonly title: string;
    readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
    readonly datasource?: { readonly uid: string };
    readonly targets?: readonly { readonly refId: string; readonly expr: string; readonly legendFormat: string }[];
  }
  const dashboard = JSON.parse(read('ops/grafana/quittance.json')) as {
    readonly id: null;
    readonly uid: string;
    readonly title: string;
    readonly schemaVersion: number;
    readonly templating: { readonly list: readonly { readonly name: string; readonly type: string }[] };
    readonly panels: readonly Panel[];
  };

  it('can be imported: no id of another Grafana, a data source to choose, panels that do not overlap', () => {
    expect(dashboard).toMatchObject({ id: null, uid: 'quittance', title: 'Quittance' });
    expect(dashboard.schemaVersion).toBeGreaterThanOrEqual(36);
    expect(dashboard.templating.list).toMatchObject([{ name: 'datasource', type: 'datasource', query: 'prometheus' }]);
    expect(new Set(dashboard.panels.map((panel) => panel.id)).size).toBe(dashboard.panels.length);
    const taken = new Set<string>();
    for (const { title, type, gridPos, datasource, targets = [] } of dashboard.panels) {
      expect(title).not.toBe('');
      expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
          expect([title, taken.has(`${x}/${y}`)]).toEqual([title, false]);
          taken.add(`${x}/${y}`);
        }
      }
      if (type === 'row') continue;
      expect(['timeseries', 'stat']).toContain(type);
      expect(datasource?.uid).toBe('${datasource}');
      expect(targets.length).toBeGreaterThan(0);
      expect(new Set(targets.map((target) => target.refId)).size).toBe(targets.length);
    }
  });

  it('asks for metrics that exist, and for each of ours', () => {
    const expressions = dashboard.panels.flatMap((panel) => panel.targets ?? []).map((target) => target.expr);
    expressions.forEach(mustExist);
    const asked = new Set(expressions.flatMap((expression) => namesIn(expression).series));
    const base = (name: string): string => name.replace(/_(bucket|sum|count)$/, '');
    const shown = new Set([...asked].map(base));
    const ours = new Set([...known.keys()].filter((name) => name.startsWith('quittance_')).map(base));
    expect([...ours].filter((name) => !shown.has(name))).toEqual([]);
  });
});

describe('the alert rules', () => {
  const rules = read('ops/prometheus/alerts.yml');
  const expressions = [...rules.matchAll(/expr: >-\n\s+(.*)\n/g)].map(([, expression]) => expression!);
  const operations = read('docs/operations.md');
  const anchors = new Set(
    [...operations.matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
      heading!
        .toLowerCase()
        .replace(/[^a-z0-9 -]/g, '')
        .replaceAll(' ', '-'),
    ),
  );

  it('ask for metrics that exist', () => {
    expect(expressions.length).toBe([...rules.matchAll(/- alert: /g)].length);
    expressions.forEach(mustExist);
  });

  it('name kinds of incidents that exist', () => {
    const kinds = [...rules.matchAll(/kind=~"([^"]*)"/g)].flatMap(([, list]) => list!.split('|'));
    expect(kinds.length).toBeGreaterThan(0);
    for (const kind of kinds) expect(INCIDENT_KINDS).toContain(kind);
  });

  it('each say what to do, in a section that is there', () => {
    const runbooks = [...rules.matchAll(/runbook: docs\/operations\.md#(\S+)/g)].map(([, anchor]) => anchor!);
    expect(runbooks.length).toBe(expressions.length);
    for (const anchor of runbooks) expect([...anchors]).toContain(anchor);
  });

  describeWithPromtool('promtool', () => {
    it('loads the rules and the example configuration', () => {
      expect(promtool(['check', 'rules', 'alerts.yml'], { cwd: RULES })).toMatchObject({ status: 0 });
      const config = promtool(['check', 'config', '--syntax-only', 'prometheus.yml'], { cwd: RULES });
      expect(config).toMatchObject({ status: 0 });
    });

    it('sees them fire when they should, and only then', () => {
      expect(promtool(['test', 'rules', 'alerts.test.yml'], { cwd: RULES })).toMatchObject({ status: 0 });
    });
  });
});
