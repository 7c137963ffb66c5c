import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app';
import './style.css';
import { Speaking } from './words';

const page = document.getElementById('page');
if (page === null) throw new Error('the page has no place to stand');
createRoot(page).render(
  <StrictMode>
    <Speaking>
      <App />
    </Speaking>
  </StrictMode>,
);
