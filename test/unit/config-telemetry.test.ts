import { loadConfig } from '../../src/config';
import { StartRefused } from '../../src/database/start-refused';
import type { TelemetryConfig } from '../../src/telemetry/telemetry';

const EXTERNAL = {
  DATABASE_URL: 'postgres://user:word@db.example:5432/quittance',
  QUITTANCE_MASTER_KEY: Buffer.alloc(32, 1).toString('base64'),
  QUITTANCE_OPERATOR_TOKEN: 'a-token-of-an-operator-1234',
};
const read = (env: Record<string, string>): TelemetryConfig => loadConfig({ ...EXTERNAL, ...env }).telemetry;

/** OpenTelemetry's variables, as its specification names them. */
it('exports nothing where no collector is named', () => {
  expect(read({})).toEqual({
    serviceName: 'quittance',
    resourceAttributes: {},
    sampler: 'parentbased_always_on',
    samplerRatio: 1,
    collector: undefined,
  });
});

it.each([
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318' }, 'http://c:4318/v1/traces'],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318/otlp/' }, 'http://c:4318/otlp/v1/traces'],
  [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://c/t' }, 'https://c/t'],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c', OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://d/t' }, 'https://d/t'],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c', OTEL_SDK_DISABLED: 'TRUE' }, undefined],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c', OTEL_TRACES_EXPORTER: 'none' }, undefined],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: '' }, undefined],
] as const)('%j sends to %s', (env, url) => {
  expect(read(env).collector?.url).toBe(url);
});

it('reads who the service is, what is sampled and what the collector wants to see', () => {
  const config = read({
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c',
    OTEL_EXPORTER_OTLP_HEADERS: 'api-key=a%20b, tenant=one',
    OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'tenant=two',
    OTEL_EXPORTER_OTLP_TIMEOUT: '2500',
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=live,service.name=other',
    OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
    OTEL_TRACES_SAMPLER_ARG: '0.25',
  });
  expect(config).toEqual({
    serviceName: 'other',
    resourceAttributes: { 'deployment.environment.name': 'live' },
    sampler: 'parentbased_traceidratio',
    samplerRatio: 0.25,
    collector: {
      url: 'http://c/v1/traces',
      headers: { 'api-key': 'a b', tenant: 'two' },
      timeoutMs: 2_500,
    },
  });
  expect(read({ OTEL_SERVICE_NAME: 'mine', OTEL_RESOURCE_ATTRIBUTES: 'service.name=other' }).serviceName).toBe('mine');
});

it.each([
  ['OTEL_EXPORTER_OTLP_ENDPOINT', 'collector:4318', 'a URL such as http://collector:4318'],
  ['OTEL_EXPORTER_OTLP_ENDPOINT', 'grpc://me:hidden-word@c', 'a URL such as http://collector:4318'],
  ['OTEL_EXPORTER_OTLP_PROTOCOL', 'grpc', 'http/protobuf'],
  ['OTEL_EXPORTER_OTLP_HEADERS', 'hidden-word', 'api-key=value'],
  ['OTEL_EXPORTER_OTLP_HEADERS', 'key=hidden-word%', 'api-key=value'],
  ['OTEL_EXPORTER_OTLP_TIMEOUT', '0', 'milliseconds from 1 to 60000'],
  ['OTEL_TRACES_SAMPLER', 'jaeger_remote', 'one of always_on'],
  ['OTEL_TRACES_SAMPLER_ARG', '1.5', 'a share from 0 to 1'],
  ['OTEL_TRACES_EXPORTER', 'zipkin', 'otlp or none'],
  ['OTEL_SDK_DISABLED', 'yes', 'true or false'],
])('%s=%s is refused with what is expected', (name, value, expected) => {
  const refused = (): unknown => read({ [name]: value });
  expect(refused).toThrow(StartRefused);
  expect(refused).toThrow(expected);
  expect(refused).toThrow(expect.not.objectContaining({ message: expect.stringContaining('hidden-word') }));
});
