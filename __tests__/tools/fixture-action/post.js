console.log(`POST ${JSON.stringify(process.env)}`);
