// Shows nothing: brings large values to the views of this page, once.

export default ({ data }) => {
  if (data) keepValues(unpack(data));
};
