import { type Inflict, lasting, serviceOf } from './field';

export const cut: Inflict<'cut'> = async ({ process, link, lastsMs }, field) => {
  const proxy = serviceOf(field, process).links.proxy(link);
  proxy.cut();
  await lasting(field, lastsMs);
  await proxy.up();
};

export const reset: Inflict<'reset'> = ({ process, link }, field) => {
  serviceOf(field, process).links.proxy(link).reset();
  return Promise.resolve();
};

export const delay: Inflict<'delay'> = async ({ process, link, byMs, lastsMs }, field) => {
  const proxy = serviceOf(field, process).links.proxy(link);
  proxy.delay(byMs);
  await lasting(field, lastsMs);
  proxy.delay(0);
};

export const blackHole: Inflict<'black_hole'> = async ({ process, link, lastsMs }, field) => {
  const proxy = serviceOf(field, process).links.proxy(link);
  proxy.hang();
  await lasting(field, lastsMs);
  await proxy.up();
};
