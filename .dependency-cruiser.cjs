/**
 * Who may import whom: the table of rooms as rules. `npm` names the packages a room is held to; null = any declared one.
 * @type {Array<{ room: string, may: string, npm: string | null }>}
 */
const ROOMS = [
  { room: 'process', may: '(?!cli/).+', npm: null },
  { room: 'embedded', may: '(embedded|store|temporal|billing|domain)/|workflows/search-attributes[.]ts$|api/tokens[.]ts$', npm: null },
  { room: 'operations', may: '(operations|store|billing|domain)/|workflows/messages[.]ts$|activities/messenger[.]ts$', npm: null },
  { room: 'temporal', may: '(temporal|domain|workflows)/|activities/|store/', npm: null },
  { room: 'domain', may: 'domain/', npm: 'jalaali-js' },
  { room: 'workflows', may: '(workflows|domain|activities)/', npm: '@temporalio/(workflow|common)' },
  { room: 'activities', may: '(activities|domain|billing|store|document)/', npm: null },
  { room: 'billing', may: '(billing|domain)/', npm: null },
  { room: 'store', may: '(store|domain)/', npm: null },
  { room: 'document', may: '(document|domain)/', npm: null },
  { room: 'api', may: '(api|domain|store|billing|document|temporal)/|workflows/messages[.]ts$', npm: null },
  { room: 'counter', may: '(counter|api)/', npm: null },
];

const HERE = '^src/';
const TOP_LEVEL = `${HERE}(config|refusal)[.]ts$`;
/** Rooms that read the settings themselves. */
const OUTER = 'cli|process|embedded|operations|temporal';

const rooms = ROOMS.flatMap(({ room, may, npm }) => [
  {
    name: `${room}-imports`,
    comment: `src/${room} may import only ${may} of the project`,
    severity: 'error',
    from: { path: `${HERE}${room}/` },
    to: { path: HERE, pathNot: `${HERE}(${may})|${TOP_LEVEL}` },
  },
  ...(npm === null
    ? []
    : [
        {
          name: `${room}-packages`,
          comment: `src/${room} is held to ${npm}`,
          severity: 'error',
          from: { path: `${HERE}${room}/` },
          to: { pathNot: `${HERE}|(^|/)node_modules/(@types/)?${npm}/` },
        },
      ]),
]);

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...rooms,
    {
      name: 'workflows-activities-as-types',
      comment: 'an activity imported as a value would run inside the workflow',
      severity: 'error',
      from: { path: `${HERE}workflows/` },
      to: { path: `${HERE}activities/`, dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'counter-api-as-types',
      comment: 'the pages know the shapes of the API, nothing else',
      severity: 'error',
      from: { path: `${HERE}counter/` },
      to: { path: `${HERE}api/`, dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'top-level',
      comment: 'settings and refusals reach api and activities as types, the outer rooms as values, the other rooms not at all',
      severity: 'error',
      from: { path: `${HERE}[^/]+/`, pathNot: `${HERE}(${OUTER}|api|activities)/` },
      to: { path: `${HERE}[^/]+$` },
    },
    {
      name: 'top-level-as-types',
      comment: 'settings and refusals reach api and activities as types',
      severity: 'error',
      from: { path: `${HERE}(api|activities)/` },
      to: { path: TOP_LEVEL, dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'entry',
      comment: 'nothing imports the entry',
      severity: 'error',
      from: { path: `${HERE}(?!main[.]ts$)` },
      to: { path: `${HERE}main[.]ts$` },
    },
    {
      name: 'no-cycles',
      comment: 'type-only ones are harmless, and the rooms leave them no way but inside one room',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    { name: 'resolvable', comment: 'it must exist', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'declared-packages',
      comment: 'production code needs packages of `dependencies`',
      severity: 'error',
      from: { path: HERE, pathNot: `${HERE}counter/` },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], pathNot: 'node_modules/@types/' },
    },
    {
      name: 'counter-packages',
      comment: 'what the pages use is bundled when they are built',
      severity: 'error',
      from: { path: `${HERE}counter/` },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'], pathNot: 'node_modules/@types/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
