import { dirname, join, relative } from 'node:path';
import ts from 'typescript';

const ROOT = join(__dirname, '..', '..', '..');

/** What the service's own code says about where a process may be stopped. */
export interface PointsInCode {
  /** Each fail point with the places that make it one, as `file:line`. */
  readonly points: ReadonlyMap<string, readonly string[]>;
  /** Each file that imports something by which a process can reach outside itself, with what it imports. */
  readonly waysOut: ReadonlyMap<string, readonly string[]>;
}

/**
 * Reads the fail points out of src/ and jobs/ with the compiler's own eyes:
 * - `<schema> <name>` for each `inTransaction(db, name, ...)`, for every schema that the database may be;
 * - `<schema> <statement>` for each statement that is written as a transaction of its own, and the claims of each table;
 * - `<boundary>.<method> <concern>` for each call through a boundary that is not a database.
 * @throws where a point has no name that can be read from the code
 */
export function readPointsInCode(): PointsInCode {
  const program = createProgram();
  const reader = new Reader(program.getTypeChecker());
  for (const file of program.getSourceFiles()) if (isOurs(file.fileName)) reader.readFile(file);
  return { points: reader.points, waysOut: reader.waysOut };
}

function createProgram(): ts.Program {
  const path = join(ROOT, 'tsconfig.json');
  const read = ts.readConfigFile(path, (name) => ts.sys.readFile(name));
  const raw = { ...(read.config as object), include: ['src', 'jobs'] };
  const { fileNames, options } = ts.parseJsonConfigFileContent(raw, ts.sys, dirname(path));
  return ts.createProgram(fileNames, { ...options, types: ['node'] });
}

function isOurs(file: string): boolean {
  return /^(src|jobs)\//.test(relative(ROOT, file));
}

const TRANSACTION = 'src/consistency/transaction.ts';
const CLAIMS = 'src/consistency/claims.ts';
const WAITING = 'src/consistency/waiting-store.ts';
const BOUNDARIES = 'src/boundaries.ts';
const WAITING_STEPS = ['put_aside', 'release'];
/** They pass on what is written elsewhere, or write for each table of their callers, which are read instead. */
const READ_AT_THEIR_CALLERS = [CLAIMS, WAITING, 'src/database/reachability.ts'];

/** By these a process reaches outside itself; `fetch` needs no import and is sought by its name. */
const OUTWARD =
  /^(node:(http|https|http2|net|tls|dgram|dns.*|child_process|worker_threads|cluster)|undici|pg|knex|bullmq|ioredis|@opentelemetry\/exporter.*)$/;

class Reader {
  readonly points = new Map<string, string[]>();
  readonly waysOut = new Map<string, string[]>();

  constructor(private readonly checker: ts.TypeChecker) {}

  readFile(file: ts.SourceFile): void {
    const visit = (node: ts.Node): void => {
      if (ts.isCallExpression(node)) this.readCall(node);
      if (ts.isImportDeclaration(node)) this.readImport(node);
      if (ts.isInterfaceDeclaration(node) && node.name.text === 'Boundaries') this.readBoundaries(node);
      ts.forEachChild(node, visit);
    };
    visit(file);
  }

  private readImport(node: ts.ImportDeclaration): void {
    const module = (node.moduleSpecifier as ts.StringLiteral).text;
    const { name, namedBindings: named, phaseModifier } = node.importClause ?? {};
    const isTypeOnly =
      phaseModifier === ts.SyntaxKind.TypeKeyword ||
      (name === undefined &&
        named?.kind === ts.SyntaxKind.NamedImports &&
        named.elements.every((one) => one.isTypeOnly));
    if (OUTWARD.test(module) && !isTypeOnly) add(this.waysOut, fileOf(node), module);
  }

  private readCall(call: ts.CallExpression): void {
    const callee = call.expression;
    if (ts.isIdentifier(callee)) {
      if (callee.text === 'fetch') add(this.waysOut, fileOf(call), 'fetch');
      const declared = this.declarationOf(callee);
      if (declared === undefined) return;
      const from = `${fileOf(declared)} ${callee.text}`;
      if (from === `${TRANSACTION} inTransaction`) this.readTransaction(call);
      if (from === `${CLAIMS} createClaims`) this.readTable(call, ['claim', 'retry_later']);
      if (from === `${WAITING} createWaiting`) this.readTable(call, WAITING_STEPS);
      return;
    }
    if (!ts.isPropertyAccessExpression(callee)) return;
    const declared = this.declarationOf(callee.name);
    if (declared === undefined || !ts.isInterfaceDeclaration(declared.parent)) return;
    const owner = declared.parent.name.text;
    const method = `${owner}.${callee.name.text}`;
    if (method === 'Database.write') this.readWrite(call);
    else if (owner === 'HttpClient') this.add(`http.${callee.name.text}`, call);
    else if (owner === 'Queues') this.readQueue(callee.name.text, call);
  }

  private readTransaction(call: ts.CallExpression): void {
    const [db, name] = call.arguments;
    if (db === undefined || name === undefined) throw unreadable(call, 'it lacks arguments');
    for (const schema of this.schemasOf(db)) for (const one of this.literals(name)) this.add(`${schema} ${one}`, call);
  }

  private readWrite(call: ts.CallExpression): void {
    if (READ_AT_THEIR_CALLERS.includes(fileOf(call))) return;
    const [written] = call.arguments;
    const declared = written !== undefined && ts.isIdentifier(written) ? this.declarationOf(written) : undefined;
    const made = declared !== undefined && ts.isVariableDeclaration(declared) ? declared.initializer : undefined;
    const name = made !== undefined && ts.isCallExpression(made) ? made.arguments[0] : undefined;
    if (name === undefined || !ts.isStringLiteral(name)) throw unreadable(call, 'its statement is no constant');
    const db = (call.expression as ts.PropertyAccessExpression).expression;
    for (const schema of this.schemasOf(db)) this.add(`${schema} ${name.text}`, call);
  }

  /** A claim of some rows by their keys is the same step as a claim of whatever is due. */
  private readTable(call: ts.CallExpression, steps: readonly string[]): void {
    const [, table] = call.arguments;
    const text = (key: string): string => {
      const found = table === undefined ? undefined : this.fieldOf(table, key);
      if (found === undefined) throw unreadable(call, `"${key}" of its table is no literal`);
      return found;
    };
    const name = `${text('schema')} ${text('schema')}.${text('table')}`;
    // What is put aside in one place is released in another: both know the table.
    for (const step of steps)
      if (!WAITING_STEPS.includes(step) || !this.points.has(`${name}.${step}`)) this.add(`${name}.${step}`, call);
  }

  /** A text of an object literal, or of one that is spread into it. */
  private fieldOf(node: ts.Expression, key: string): string | undefined {
    const object = this.objectOf(node);
    for (const property of object?.properties ?? []) {
      if (ts.isSpreadAssignment(property)) {
        const spread = this.fieldOf(property.expression, key);
        if (spread !== undefined) return spread;
      } else if (ts.isPropertyAssignment(property) && property.name.getText() === key) {
        return ts.isStringLiteral(property.initializer) ? property.initializer.text : undefined;
      }
    }
    return undefined;
  }

  private readQueue(method: string, call: ts.CallExpression): void {
    const [concern] = call.arguments;
    if (concern === undefined) this.add(`queues.${method}`, call);
    else for (const one of this.literals(concern)) this.add(`queues.${method} ${one}`, call);
  }

  /** A boundary that nobody has thought of here would have no fail points. */
  private readBoundaries(node: ts.InterfaceDeclaration): void {
    if (fileOf(node) !== BOUNDARIES) return;
    const names = node.members.map((member) => member.name?.getText() ?? '').sort();
    if (names.join() !== 'app,databases,http,queues') throw unreadable(node, `it has ${names.join()}`);
    this.add('app.answer', node);
  }

  private schemasOf(db: ts.Expression): readonly string[] {
    const schema = this.checker.getTypeAtLocation(db).getProperty('schema');
    if (schema === undefined) throw unreadable(db, 'it is no database');
    return this.stringsOf(this.checker.getTypeOfSymbolAtLocation(schema, db), db);
  }

  private literals(node: ts.Expression): readonly string[] {
    return this.stringsOf(this.checker.getTypeAtLocation(node), node);
  }

  private stringsOf(type: ts.Type, at: ts.Node): readonly string[] {
    const known = this.checker.getBaseConstraintOfType(type) ?? type;
    const parts = known.isUnion() ? known.types : [known];
    return parts.map((part) => {
      if (part.isStringLiteral()) return part.value;
      throw unreadable(at, `"${at.getText()}" can be anything`);
    });
  }

  private objectOf(node: ts.Expression): ts.ObjectLiteralExpression | undefined {
    if (ts.isObjectLiteralExpression(node)) return node;
    if (ts.isAsExpression(node) || ts.isSatisfiesExpression(node)) return this.objectOf(node.expression);
    const declared = ts.isIdentifier(node) ? this.declarationOf(node) : undefined;
    if (declared === undefined || !ts.isVariableDeclaration(declared) || declared.initializer === undefined)
      return undefined;
    return this.objectOf(declared.initializer);
  }

  private declarationOf(name: ts.Node): ts.Declaration | undefined {
    const symbol = this.checker.getSymbolAtLocation(name);
    if (symbol === undefined) return undefined;
    const real = symbol.flags & ts.SymbolFlags.Alias ? this.checker.getAliasedSymbol(symbol) : symbol;
    return real.declarations?.[0];
  }

  private add(point: string, at: ts.Node): void {
    const file = at.getSourceFile();
    add(this.points, point, `${fileOf(at)}:${file.getLineAndCharacterOfPosition(at.getStart()).line + 1}`);
  }
}

function add(map: Map<string, string[]>, key: string, value: string): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, [value]);
  else known.push(value);
}

function fileOf(node: ts.Node): string {
  return relative(ROOT, node.getSourceFile().fileName);
}

function unreadable(node: ts.Node, why: string): Error {
  return new Error(`${fileOf(node)}: the fail point at "${node.getText().slice(0, 60)}" cannot be read: ${why}`);
}
