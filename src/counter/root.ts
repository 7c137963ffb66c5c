export const ROOT = '/api/v1';
