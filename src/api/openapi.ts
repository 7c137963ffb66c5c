import { z } from 'zod';
import { PROBLEM_CODES, problemDocument, problemStatus, type ProblemCode } from './problems.js';
import type { Route } from './route.js';
import { ANSWER_SCHEMAS, problem, REQUEST_SCHEMAS } from './schemas.js';

type Json = Record<string, unknown>;

const PROBLEM_MEDIA = 'application/problem+json';
const EXAMPLES: Record<string, Json> = {
  SettlementRequest: {
    subscription: '014123456701',
    settlementDate: '1405/09/04',
    reading: 1234,
    readingSource: 'staff',
    purpose: 'balance',
    applicant: { kind: 'owner', name: 'علی کریمی', nationalId: '0932833810', mobile: '09121234567' },
    documents: [],
  },
  ReceiptRequest: { subscription: '014123456701' },
  DeliveryRequest: { deliveredTo: 'علی کریمی', channel: 'counter' },
  SignInRequest: { user: 'm.rezaei', password: 'باران روی پل قدیمی' },
  PersonRequest: { id: 'm.rezaei', name: 'مریم رضایی', office: '01', roles: ['clerk'] },
  QualificationRequest: { code: 'secondCopy', validFrom: '1405/01/20', validTo: '1407/01/19', certificate: '1405-118' },
};

/** The OpenAPI 3.1 document of `routes`, from the schemas that validate. */
export function openApiDocument(routes: readonly Route[], { version, root }: { version: string; root: string }): Json {
  const requests = register(REQUEST_SCHEMAS);
  const answers = register(ANSWER_SCHEMAS);
  const paths: Record<string, Json> = {};
  for (const row of routes) {
    const operations = (paths[row.path] ??= {});
    operations[row.method] = operation(row, (schema) => requests.name(schema) ?? answers.name(schema));
  }
  const schemas: Record<string, Json> = { ...requests.schemas('input'), ...answers.schemas('output') };
  for (const [name, example] of Object.entries(EXAMPLES)) schemas[name] = { ...schemas[name], examples: [example] };
  return {
    openapi: '3.1.0',
    info: {
      title: 'Tasvieh',
      version,
      description:
        'تسویه حساب گاز: اعلام مانده، تحویل صورتحساب و تبادل با سامانهٔ صدور قبض. ' +
        'Amounts are whole rials, dates Jalali yyyy/mm/dd, instants ISO 8601 UTC; digits of the three scripts are accepted.',
    },
    servers: [{ url: root }],
    security: [{ bearer: [] }, { session: [] }],
    paths,
    components: {
      schemas,
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
        session: { type: 'apiKey', in: 'cookie', name: 'tasvieh_session' },
      },
    },
  };
}

function register(named: Record<string, z.ZodType>) {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(named)) registry.add(schema, { id });
  return {
    name: (schema: z.ZodType): string | undefined => registry.get(schema)?.id,
    schemas(io: 'input' | 'output'): Record<string, Json> {
      const { schemas } = z.toJSONSchema(registry, { io, uri: ref });
      return Object.fromEntries(Object.entries(schemas).map(([id, schema]) => [id, bare(schema as Json)]));
    },
  };
}

function ref(id: string): string {
  return `#/components/schemas/${id}`;
}

/** Without what names a stand-alone schema: inside the document its place does that. */
function bare({ $schema: _schema, $id: _id, ...rest }: Json): Json {
  return rest;
}

function operation(row: Route, nameOf: (schema: z.ZodType) => string | undefined): Json {
  const schemaOf = (schema: z.ZodType): Json => {
    const name = nameOf(schema);
    return name === undefined ? bare(z.toJSONSchema(schema, { io: 'input' })) : { $ref: ref(name) };
  };
  const responses: Record<string, Json> = {};
  for (const [status, { description, schema, media, headers }] of Object.entries(row.answers)) {
    const content: Json = {};
    if (schema) content['application/json'] = { schema: schemaOf(schema) };
    for (const other of [media ?? []].flat()) content[other] = { schema: { type: 'string' } };
    responses[status] = {
      description,
      ...(Object.keys(content).length > 0 ? { content } : {}),
      ...(headers
        ? { headers: Object.fromEntries(Object.entries(headers).map(([k, d]) => [k, { description: d, schema: { type: 'string' } }])) }
        : {}),
    };
  }
  for (const code of problemsOf(row)) {
    const response = (responses[problemStatus(code)] ??= { description: '' });
    const document = problemDocument(code);
    response['description'] = [response['description'], document['title']].filter(Boolean).join('; ');
    const content = (response['content'] ??= {}) as Json;
    const media = (content[PROBLEM_MEDIA] ??= { schema: schemaOf(problem), examples: {} }) as { examples: Json };
    media.examples[code] = { value: document };
  }
  const everyone = row.roles === 'anyone' || row.roles === 'everyone';
  const body = row.body
    ? { required: !row.body.optional, content: { 'application/json': { schema: schemaOf(row.body.schema) } } }
    : row.streams !== undefined
      ? { required: true, content: { [row.streams]: { schema: { type: 'string' } } } }
      : undefined;
  return {
    operationId: operationId(row),
    tags: [row.tag],
    summary: row.summary,
    ...(everyone ? {} : { description: `Roles: ${(row.roles as readonly string[]).join(', ')}`, 'x-roles': row.roles }),
    ...(row.roles === 'anyone' ? { security: [] } : {}),
    parameters: [...parameters(row.params, 'path'), ...parameters(row.query, 'query')],
    ...(body ? { requestBody: body } : {}),
    responses,
  };
}

/** Every problem that a row can answer, in the catalogue's order. */
export function problemsOf(row: Route): ProblemCode[] {
  const codes = new Set<ProblemCode>(row.problems ?? []);
  codes.add('INTERNAL');
  if (row.pace !== 'free') codes.add('TOO_MANY_REQUESTS');
  if (row.oneAtATime) codes.add('ONE_AT_A_TIME');
  if (row.roles !== 'anyone') codes.add('UNAUTHENTICATED').add('FORBIDDEN');
  if (row.roles !== 'anyone' && !row.beforePasswordChange) codes.add('PASSWORD_CHANGE_REQUIRED');
  if (row.params) codes.add('NOT_FOUND').add('MALFORMED_URL');
  if (row.query || row.body) codes.add('INVALID_REQUEST');
  if (row.body) codes.add('MALFORMED_JSON');
  if (row.body || row.streams !== undefined) {
    codes.add('BODY_TOO_LARGE').add('UNSUPPORTED_MEDIA_TYPE').add('BODY_INCOMPLETE').add('REQUEST_TIMEOUT');
  }
  return PROBLEM_CODES.filter((code) => codes.has(code));
}

function parameters(schema: z.ZodType | undefined, place: 'path' | 'query'): Json[] {
  if (!schema) return [];
  const { properties = {}, required = [] } = z.toJSONSchema(schema, { io: 'input' }) as {
    properties?: Record<string, Json>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, { description, ...rest }]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema: rest,
  }));
}

function operationId({ method, path }: Route): string {
  const words = path.split(/[^A-Za-z]+/).filter(Boolean);
  return method + words.map((word) => word[0]?.toUpperCase() + word.slice(1)).join('');
}
